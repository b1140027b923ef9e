import { Agent } from 'node:http';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { sendRaw, type RawAnswer, type RawRequest } from '../support/e2e/raw-http.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const server = await startServer({ apps: [app] });
afterAll(() => server.stop());

const refusedAs = (signed: string) => ({
  status: 401,
  text: expect.stringContaining(
    `Invalid signature: you should have sent HmacSHA256Hex(${JSON.stringify(signed).slice(0, -1)}`,
  ) as string,
});
const channels = '/apps/1/channels';
/** PHP's `http_build_query` and Ruby encode a space like this, and escape everything else. */
const formEscape = (text: string) => encodeURIComponent(text).replaceAll('%20', '+');
const everyEscape = (text: string) =>
  text.replaceAll(/[^A-Za-z0-9]/g, (character) => `%${Buffer.from(character).toString('hex')}`);

describe('parameters are signed unescaped', () => {
  const escapes: readonly [how: string, escape: (text: string) => string][] = [
    ['as they are', (text) => text],
    ['escaped', encodeURIComponent],
    ['escaped as a form', formEscape],
    ['escaped in lower case, down to the last hyphen', everyEscape],
  ];
  test.each(escapes)('and sent %s', async (_, escape) => {
    const socket = await connectSocket(server);
    await socket.subscribe('presence-A1_-=@,.;', { user_id: 'anna' });
    const params = [
      ['filter_by_prefix', 'presence-A1_-=@,.;'],
      ['info', 'user_count,subscription_count'],
    ] as const;
    const answer = await sendRaw(server, { path: channels, params, escape });
    expect(answer).toMatchObject({
      status: 200,
      text: '{"channels":{"presence-A1_-=@,.;":{"user_count":1,"subscription_count":1}}}',
    });
  });

  test('and are rejected with the text to sign if their escaped form is signed', async () => {
    const params = [['filter_by_prefix', 'a%2Cb']] as const;
    const answer = await sendRaw(server, { path: channels, params });
    expect(answer).toMatchObject(refusedAs(`GET\n${channels}\nauth_key=app-key&auth_timestamp=`));
    expect(answer.text).toContain('&filter_by_prefix=a,b"');
  });

  test.each(['whatever they contain: %j', 'é☃', 'a%', 'a&b=c', 'a#b'])(
    'whatever they hold: %j',
    async (value) => {
      const request = {
        path: channels,
        params: [['filter_by_prefix', value]],
        escape: encodeURIComponent,
      } as const;
      expect(await sendRaw(server, request)).toMatchObject({ status: 200, text: '{"channels":{}}' });
    },
  );

  test('a + stands for itself, or for a space if that was signed', async () => {
    for (const value of ['a+b', 'a b']) {
      const escape = (text: string) => text.replaceAll(' ', '+');
      const params = [['filter_by_prefix', value]] as const;
      expect(await sendRaw(server, { path: channels, params, escape })).toMatchObject({ status: 200 });
    }
  });

  test('names that are not in lower case are rejected', async () => {
    const params = [['Info', 'subscription_count']] as const;
    expect(await sendRaw(server, { path: channels, params })).toMatchObject({
      status: 401,
      text: 'Invalid parameter name "Info": the parameter names of a signed request must be in lower case',
    });
  });

  test.each([{ before: '&' }, { after: '&' }])('a stray & is not a parameter: %j', async (stray) => {
    const answer = await sendRaw(server, { path: channels, ...stray });
    expect(answer).toMatchObject({ status: 200, text: '{"channels":{}}' });
  });

  test('a timestamp in milliseconds is expired', async () => {
    const answer = await sendRaw(server, { path: channels, timestamp: String(Date.now()) });
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(
      /^Timestamp expired: Given timestamp \(\d{5}-.*Z\) not within 600s of server time/,
    );
  });
});

describe('a path is signed as it is sent, or unescaped', () => {
  const path = `${channels}/a,b;c@d`;
  const escaped = `${channels}/a%2Cb%3Bc%40d`;
  test.each<[how: string, request: RawRequest]>([
    ['plain and plain', { path }],
    ['signed plain, sent escaped', { path, sentPath: escaped }],
    ['signed escaped, sent escaped', { path: escaped }],
    ['sent escaped in lower case', { path, sentPath: escaped.toLowerCase() }],
    [
      'sent with every character of the name escaped',
      { path, sentPath: `${channels}/${everyEscape('a,b;c@d')}` },
    ],
  ])('%s', async (_, request) => {
    const socket = await connectSocket(server);
    await socket.subscribe('a,b;c@d');
    expect(await sendRaw(server, request)).toMatchObject({ status: 200, text: '{"occupied":true}' });
  });

  test('but not escaped if it was sent unescaped', async () => {
    const answer = await sendRaw(server, { path: escaped, sentPath: path });
    expect(answer).toMatchObject(refusedAs(`GET\n${path}\nauth_key=app-key&auth_timestamp=`));
  });

  test('also for disconnecting a user', async () => {
    const users = '/apps/1/users';
    const request = { method: 'POST', path: `${users}/a@b,c/terminate_connections` };
    for (const sentPath of [request.path, `${users}/a%40b%2Cc/terminate_connections`]) {
      expect(await sendRaw(server, { ...request, sentPath })).toMatchObject({ status: 200, text: '{}' });
    }
  });
});

describe('parameters of POST /events may be in the query string', () => {
  const path = '/apps/1/events';

  test.each<[how: string, request: Partial<RawRequest>]>([
    ['with brackets as they are', {}],
    ['with brackets escaped', { escape: encodeURIComponent }],
    ['with a body_md5 of an empty body', { alwaysMd5: true }],
  ])('all of them, the channels as an array: %s', async (_, rest) => {
    const socket = await connectSocket(server);
    await socket.subscribe('query-a');
    await socket.subscribe('query-b');
    const params = [
      ['name', 'said'],
      ['data', '{"n":1}'],
      ['channels[]', 'query-a'],
      ['channels[]', 'query-b'],
      ['channels[]', 'query-a'],
      ['info', 'subscription_count'],
    ] as const;
    expect(await sendRaw(server, { method: 'POST', path, params, ...rest })).toMatchObject({
      status: 200,
      text: '{"channels":{"query-a":{"subscription_count":1},"query-b":{"subscription_count":1}}}',
    });
    expect(await socket.framesBeforePong()).toEqual(
      ['query-a', 'query-b'].map((channel) => ({ event: 'said', channel, data: '{"n":1}' })),
    );
  });

  test.each([
    ['a + if a space was signed', 'one two', 'one two'],
    ['a + if a + was signed', 'one+two', 'one+two'],
  ])('%s is read as it was signed', async (_, data, expected) => {
    const socket = await connectSocket(server);
    await socket.subscribe('query-plus');
    const params = [
      ['name', 'said'],
      ['data', data],
      ['channel', 'query-plus'],
    ] as const;
    const escape = (text: string) => text.replaceAll(' ', '+');
    expect(await sendRaw(server, { method: 'POST', path, params, escape })).toMatchObject({ status: 200 });
    await socket.expectFrame({ event: 'said', channel: 'query-plus', data: expected });
  });

  test('some of them, and those in the body take precedence', async () => {
    const [first, second] = [await connectSocket(server), await connectSocket(server)];
    for (const socket of [first, second]) await socket.subscribe('query-mixed');
    const body = JSON.stringify({ name: 'of-the-body', data: 'x' });
    const params = [
      ['name', 'of-the-query'],
      ['channel', 'query-mixed'],
      ['socket_id', first.id],
    ] as const;
    expect(await sendRaw(server, { method: 'POST', path, params, body })).toMatchObject({ text: '{}' });
    await second.expectFrame({ event: 'of-the-body', channel: 'query-mixed', data: 'x' });
    expect(await first.framesBeforePong()).toEqual([]);
  });

  test.each([
    [[['name', 'client-x']], /^Invalid event name: 'client-x' starts with 'client-'/],
    [[['name', 'said']], 'Missing parameter: data'],
    [[['socket_id', 'x']], "Invalid socket id: expected digits.digits, got 'x'"],
    [[['info', 'x']], /^Unknown info attribute 'x'/],
    [[['channels[]', '']], /^Invalid channel name: '' \(0 characters\)/],
  ] as const)('and are rejected there as they are in the body: %j', async (wrong, text) => {
    const good = [
      ['name', 'said'],
      ['channel', 'news'],
      ['data', '1'],
    ] as const;
    const left = text === 'Missing parameter: data' ? good.slice(0, 2) : good;
    const params = [...left.filter(([name]) => name !== wrong[0][0]), ...wrong];
    const answer = await sendRaw(server, { method: 'POST', path, params });
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(text);
  });
});

describe('body_md5', () => {
  test('of an empty body on a GET is accepted, because Python sends it', async () => {
    const targets = [channels, `${channels}/news`, `${channels}/presence-x/users`];
    for (const path of targets) {
      expect(await sendRaw(server, { path, alwaysMd5: true })).toMatchObject({ status: 200 });
    }
  });

  test('is computed over bytes, not characters', async () => {
    const body = JSON.stringify({ name: 'said', channel: 'news', data: 'é☃😀' });
    const request = { method: 'POST', path: '/apps/1/events', body };
    expect(await sendRaw(server, request)).toMatchObject({ status: 200, text: '{}' });
  });
});

describe('one connection', () => {
  test('serves fifty requests, including rejected ones, one after another', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = new Set<number>();
    const body = JSON.stringify({ name: 'said', channel: 'news', data: 'x' });
    const requests: readonly [request: RawRequest, status: number][] = [
      [{ method: 'POST', path: '/apps/1/events', body }, 200],
      [{ path: channels }, 200],
      [{ path: `${channels}/news`, params: [['info', 'user_count']] }, 400],
      [{ path: channels, app: { ...app, secret: 'wrong' } }, 401],
      [{ path: '/apps/9/channels' }, 404],
      [{ method: 'HEAD', path: channels }, 200],
      [{ method: 'POST', path: '/apps/1/events', body: body.replace('x', 'x'.repeat(10_241)) }, 413],
      [{ method: 'POST', path: '/no/such/route', body }, 404],
      [{ method: 'HEAD', path: '/no/such/route' }, 404],
      [{ method: 'POST', path: '/apps/1/users/anna/terminate_connections' }, 200],
    ];
    for (let round = 0; round < 5; round++) {
      for (const [request, status] of requests) {
        const answer = await sendRaw(server, { ...request, agent });
        expect(answer).toMatchObject({ status });
        ports.add(answer.localPort);
      }
    }
    expect(ports.size).toBe(1);
  });
});

describe('HEAD', () => {
  test.each<RawRequest>([
    { path: channels },
    { path: `${channels}/news` },
    { path: '/apps/9/channels' },
    { path: `${channels}/news/users` },
  ])('is answered like GET, without the body: $path', async (request) => {
    const shape = ({ status, headers }: RawAnswer) => ({
      status,
      type: headers['content-type'],
      length: headers['content-length'],
    });
    const [got, head] = [
      await sendRaw(server, request),
      await sendRaw(server, { ...request, method: 'HEAD' }),
    ];
    expect(shape(head)).toEqual(shape(got));
    expect(head.text).toBe('');
    expect(got.text).not.toBe('');
  });

  test('is signed as HEAD', async () => {
    const answer = await sendRaw(server, {
      method: 'HEAD',
      path: channels,
      app: { ...app, secret: 'wrong' },
    });
    expect(answer).toMatchObject({ status: 401, text: '' });
  });
});
