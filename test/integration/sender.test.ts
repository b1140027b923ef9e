import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/system/clock.ts';
import { Receiver } from '../support/receiver.ts';
import { ok, rawServer, senderOf, senders, tcpServer } from './support/senders.ts';

describe.each(senders)('an attempt by %s', (_, create) => {
  const newSender = () => senderOf(create);

  test('posts the bytes with the given headers', async () => {
    const receiver = await Receiver.start();
    const { sender } = newSender();
    const headers = { 'Content-Type': 'application/json', 'X-Pusher-Key': 'k', 'webhook-id': 'msg_1' };
    const body = Buffer.from('{"text":"h\u00e9"}');
    await sender.send({ url: `${receiver.url}?a=b`, headers, body }, 4000);
    const request = await receiver.next();
    expect(request).toMatchObject({ method: 'POST', url: '/hook?a=b', body: '{"text":"h\u00e9"}' });
    expect(request.headers['content-length']).toBe(String(body.byteLength));
    expect(request.rawHeaders).toEqual(
      expect.arrayContaining(['Content-Type', 'application/json', 'X-Pusher-Key', 'webhook-id', 'msg_1']),
    );
    expect(request.rawHeaders.filter((name) => name.toLowerCase() === 'content-type')).toHaveLength(1);
  });

  test.each([200, 201, 202, 204, 299, 301, 302, 307, 308, 304, 400, 401, 404, 410, 413, 429, 500, 503, 599])(
    'that is answered %i reports that, and follows nothing',
    async (status) => {
      const receiver = await Receiver.start(({ response }) => {
        response.writeHead(status, { location: '/elsewhere' }).end();
      });
      const { send } = newSender();
      expect(await send(receiver.url)).toEqual({
        kind: 'answered',
        status,
        headers: { location: '/elsewhere' },
        ...(status >= 300 && status < 400 && { location: '/elsewhere' }),
      });
      expect(receiver.requests.map(({ url }) => url)).toEqual(['/hook']);
    },
  );

  test.each([
    ['120', 120_000],
    ['0', 0],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['99999999', undefined],
    ['soon', undefined],
  ])('reads "Retry-After: %s" as %s ms', async (value, retryAfterMs) => {
    const receiver = await Receiver.start(({ response }) => {
      response.writeHead(503, { 'retry-after': value }).end();
    });
    const { send } = newSender();
    expect(await send(receiver.url)).toEqual({
      kind: 'answered',
      status: 503,
      headers: { 'retry-after': value },
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });

  test('without a response fails exactly when its time is over', async () => {
    const receiver = await Receiver.start(() => {});
    const { send, clock } = newSender();
    let isOver = false;
    const outcome = send(receiver.url).finally(() => {
      isOver = true;
    });
    await receiver.next();
    await clock.advance(3999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(clock.pending).toBe(0);
  });

  test('whose connection is not established in time fails then', async () => {
    let meet: (() => void) | undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    const url = await tcpServer(() => meet?.());
    const { send, clock } = newSender();
    const outcome = send(url.replace('http:', 'https:'));
    // The other side gets the first bytes of TLS, and never answers.
    await met;
    await clock.advance(4000);
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(clock.pending).toBe(0);
  });

  test('whose connection is reset is unreachable', async () => {
    const receiver = await Receiver.start(({ response }) => void response.socket?.resetAndDestroy());
    const { send, clock } = newSender();
    expect(await send(receiver.url)).toMatchObject({
      kind: 'unreachable',
      code: expect.any(String) as string,
    });
    expect(clock.pending).toBe(0);
  });

  test('whose connection ends without a response is unreachable', async () => {
    const url = await tcpServer((socket) => void socket.end());
    const { send } = newSender();
    expect(await send(url)).toMatchObject({ kind: 'unreachable' });
  });

  test('with a response that is not HTTP is unreachable', async () => {
    const url = await tcpServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const { send } = newSender();
    expect(await send(url)).toMatchObject({ kind: 'unreachable' });
  });

  test('to a port where nobody listens is unreachable: ECONNREFUSED', async () => {
    const receiver = await Receiver.start();
    const { url } = receiver;
    receiver.server.close();
    await once(receiver.server, 'close');
    const { send } = newSender();
    expect(await send(url)).toEqual({ kind: 'unreachable', code: 'ECONNREFUSED' });
  });

  test('to a host that has no address is unreachable', async () => {
    const { send } = newSender();
    expect(await send('http://nowhere.invalid/')).toMatchObject({
      kind: 'unreachable',
      code: expect.stringMatching(/^(ENOTFOUND|DNS_\w+)$/) as string,
    });
  });

  test('with TLS to a port without TLS is unreachable', async () => {
    const receiver = await Receiver.start();
    const { send } = newSender();
    const outcome = await send(receiver.url.replace('http:', 'https:'));
    expect(outcome).toMatchObject({ kind: 'unreachable', code: expect.stringMatching(/^E/) as string });
    expect(receiver.requests).toEqual([]);
  });

  test('to an endpoint with an untrusted certificate is unreachable, and sends nothing', async () => {
    const requests: unknown[] = [];
    const { url } = await rawServer(({ socket }) => requests.push(socket.end(ok)), 'https');
    const { send } = newSender();
    expect(await send(url)).toMatchObject({
      kind: 'unreachable',
      code: expect.stringMatching(/CERT|SIGNATURE/) as string,
    });
    expect(requests).toEqual([]);
  });

  test('by a closed sender is unreachable', async () => {
    const receiver = await Receiver.start();
    const { send, sender } = newSender();
    await sender.close();
    expect(await send(receiver.url)).toMatchObject({ kind: 'unreachable' });
  });

  test('in progress ends as unreachable when the sender closes', async () => {
    const receiver = await Receiver.start(() => {});
    const { send, sender, clock } = newSender();
    const outcome = send(receiver.url);
    await receiver.next();
    await sender.close();
    expect(await outcome).toMatchObject({ kind: 'unreachable' });
    expect(clock.pending).toBe(0);
  });
});

test.each(senders)('the time-out of %s also runs in real time', async (_, create) => {
  const receiver = await Receiver.start(() => {});
  const sender = create(systemClock);
  onTestFinished(() => sender.close());
  const outcome = await sender.send({ url: receiver.url, headers: {}, body: Buffer.from('{}') }, 20);
  expect(outcome).toEqual({ kind: 'timeout' });
});
