import { describe, expect, test } from 'vitest';
import { AnswerReader, type AnswerFields } from '../../../src/delivery/answer-reader.ts';

/** The result of reading these parts of a response, and then the end of the connection. */
function read(...parts: readonly string[]) {
  const response: { status?: number; fields?: AnswerFields; body: string } = { body: '' };
  const reader = new AnswerReader({
    answered: (status, fields) => void Object.assign(response, { status, fields }),
    received: (chunk) => void (response.body += Buffer.from(chunk).toString('latin1')),
  });
  let fault: string | undefined;
  for (const part of parts) fault ??= reader.read(Buffer.from(part, 'latin1'));
  const { isDone, isReusable } = reader;
  return { ...response, fault, isDone, isReusable, isDoneAtEnd: reader.finish() };
}

const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('a response', () => {
  test.each([
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    [
      'not modified, whose length is that of another answer',
      'HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n',
      '',
    ],
    ['of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    ['with spaces around a value', 'HTTP/1.1 200 OK\r\ncontent-LENGTH: \t5 \r\n\r\nhello', 'hello'],
    [
      'with its length twice',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
      'hello',
    ],
    ['with its length twice in a line', 'HTTP/1.1 200 OK\r\nContent-Length: 5 ,5\r\n\r\nhello', 'hello'],
    ['with a folded line', 'HTTP/1.1 200 OK\r\nX: a\r\n b: c\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    ['with a folded length', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\t5\r\n \r\n\r\nhello', 'hello'],
    ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    ['in chunks', `${chunkedHead}3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n`, 'hello'],
    ['in chunks, with trailers', `${chunkedHead}5\r\nhello\r\n000\r\nA: b\r\nC: d\r\n\r\n`, 'hello'],
    [
      'behind interim ones',
      `HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n${chunkedHead}5\r\nhello\r\n0\r\n\r\n`,
      'hello',
    ],
  ])('%s is read alike in one part and byte by byte', (_, answer, body) => {
    for (const response of [read(answer), read(...answer.split(''))]) {
      expect(response).toMatchObject({ fault: undefined, isDone: true, isReusable: true, body });
    }
  });

  test('keeps the values of the relevant fields, and joins repeated ones', () => {
    const { fields } = read(
      'HTTP/1.1 503 No\r\nRetry-After: 1\r\nX: y\r\nretry-after: 2\r\nLocation: /a:b\r\nContent-Length: 0\r\n\r\n',
    );
    expect(fields).toEqual({ 'retry-after': '1, 2', location: '/a:b', 'content-length': '0' });
  });

  test('replaces the fold of a field by a space', () => {
    const { fields } = read(
      'HTTP/1.1 503 No\r\nServer: a\r\n  b \r\n\tc\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n',
    );
    expect(fields).toEqual({ server: 'a b c', 'retry-after': '1', 'content-length': '0' });
  });

  test('may have a head of 64 KB, in one piece or in several', () => {
    const start = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Debug: ';
    const parts = [`${start}${'x'.repeat(64 * 1024 - start.length)}`, '\r\n\r\nok'] as const;
    for (const answer of [[parts.join('')], parts]) {
      expect(read(...answer)).toMatchObject({ status: 200, body: 'ok', isDone: true, isReusable: true });
    }
  });

  test.each([
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n'],
    [
      'two lengths that contradict',
      `HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['bytes behind it', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx'],
  ])('with %s closes its connection', (_, answer) => {
    expect(read(answer)).toMatchObject({ status: 200, isDone: true, isReusable: false });
  });

  test.each([
    ['HTTP/1.1 200 OK\r\n\r\nhel', 'lo'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nhel', 'lo'],
  ])('of unknown length ends with its connection', (...parts) => {
    expect(read(...parts)).toMatchObject({ body: 'hello', isDone: false, isDoneAtEnd: true });
  });

  test.each([
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
    `${chunkedHead}5\r\nhello\r\n`,
    'HTTP/1.1 200 OK\r\n',
  ])('is incomplete if it breaks off', (answer) => {
    expect(read(answer)).toMatchObject({ fault: undefined, isDone: false, isDoneAtEnd: false });
  });
});

describe('an invalid response', () => {
  test.each([
    ['SSH-2.0', 'HPE_INVALID_CONSTANT'],
    ['HTTQ', 'HPE_INVALID_CONSTANT'],
    ['HTTP/2.0 200 OK\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    ['HTTP/1.2 200 OK\r\n\r\n', 'HPE_INVALID_STATUS'],
    ['HTTP/1.1 20 OK\r\n\r\n', 'HPE_INVALID_STATUS'],
    ['HTTP/1.1 099 OK\r\n\r\n', 'HPE_INVALID_STATUS'],
    ['HTTP/1.1 2000 OK\r\n\r\n', 'HPE_INVALID_STATUS'],
    ['HTTP/1.1 101 Switching\r\n\r\n', 'HPE_UNEXPECTED_UPGRADE'],
    ['HTTP/1.1 200 OK\r\nnothing\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN'],
    ['HTTP/1.1 200 OK\r\n A: b\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN'],
    ['HTTP/1.1 200 OK\r\n: b\r\n\r\n', 'HPE_INVALID_HEADER_TOKEN'],
    [`HTTP/1.1 200 OK\r\nA: b\r\n${' c\r\n'.repeat(20_000)}\r\n`, 'HPE_HEADER_OVERFLOW'],
    ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'HPE_INVALID_CONTENT_LENGTH'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'HPE_INVALID_CONTENT_LENGTH'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1, 1, 2\r\n\r\n', 'HPE_INVALID_CONTENT_LENGTH'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1,\r\n\r\n', 'HPE_INVALID_CONTENT_LENGTH'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 1\r\n\r\n', 'HPE_INVALID_CONTENT_LENGTH'],
    [`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(64 * 1024)}`, 'HPE_HEADER_OVERFLOW'],
    [`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(64 * 1024)}\r\n\r\n`, 'HPE_HEADER_OVERFLOW'],
  ])('%j is refused as %s', (bytes, fault) => {
    expect(read(bytes)).toMatchObject({ fault, isDone: false });
    expect(read(bytes).status).toBeUndefined();
  });

  test.each([
    ['zz\r\n', 'HPE_INVALID_CHUNK_SIZE'],
    ['-1\r\n', 'HPE_INVALID_CHUNK_SIZE'],
    ['fffffffffffff\r\n', 'HPE_INVALID_CHUNK_SIZE'],
    ['1\r\naXX', 'HPE_STRICT'],
    [`1;${'x'.repeat(17 * 1024)}`, 'HPE_HEADER_OVERFLOW'],
    [`0\r\n${'a: b\r\n'.repeat(5000)}`, 'HPE_HEADER_OVERFLOW'],
  ])('a chunk %j is refused as %s, after the head', (bytes, fault) => {
    expect(read(`${chunkedHead}${bytes}`)).toMatchObject({ status: 200, fault, isDone: false });
  });
});
