import * as fc from 'fast-check';

const word = fc.constantFrom(
  ...['event', 'data', 'channel', 'channels', 'name', 'auth', 'channel_data', 'socket_id', 'info', 'batch'],
  ...['user_id', 'user_info', 'user_data', 'watchlist', '__proto__', 'constructor', 'toString'],
  ...['pusher:subscribe', 'pusher:unsubscribe', 'pusher:signin', 'pusher:ping', 'pusher:pong', 'client-a'],
  ...['presence-a', 'private-cache-a', 'cache-a', '#server-to-user-7', '1.1', 'app-key:00', 'user_count'],
);
const text = fc.string({ unit: 'binary', maxLength: 60 });

/** Random JSON values, made of the words of the protocol and others. */
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    word,
    text,
    fc.double(),
    fc.constantFrom(null, true, '', -0, 1e300),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(word, text), tie('any'), { maxKeys: 5 }),
  ),
})).any;

const command = fc.record(
  {
    event: fc.oneof(word, text),
    data: fc.oneof(value, fc.dictionary(word, fc.oneof(word, text, value), { maxKeys: 4 })),
    channel: fc.oneof(word, text),
  },
  { requiredKeys: ['event'] },
);

/** A JSON text with characters removed, doubled or exchanged. */
const damaged = fc
  .tuple(command, fc.array(fc.tuple(fc.nat(), text), { minLength: 1, maxLength: 3 }))
  .map(([frame, damages]) => {
    let json = JSON.stringify(frame);
    for (const [at, by] of damages)
      json = json.slice(0, at % json.length) + by + json.slice((at % json.length) + 1);
    return json;
  });

const frame = fc.oneof(
  { arbitrary: command.map((one) => JSON.stringify(one)), weight: 4 },
  { arbitrary: damaged, weight: 3 },
  text,
  fc.nat(3000).map((depth) => '['.repeat(depth)),
);

/** Frames that a faulty or malicious client might send. */
export function frames(seed: number, count: number): readonly string[] {
  return fc.sample(frame, { seed, numRuns: count });
}

const path = fc.oneof(
  fc.constantFrom(
    '/apps/1/events',
    '/apps/1/batch_events',
    '/apps/1/channels',
    '/apps/1/channels/presence-a/users',
  ),
  fc.constantFrom(
    '/apps/1/users/7/terminate_connections',
    '/apps/1/webhooks/dropped',
    '/apps/1/webhooks/deliveries',
    '/apps/1/webhooks/recover',
    '/app/app-key',
    '/metrics',
  ),
  fc.webPath(),
);
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom('auth_key', 'auth_signature', 'auth_timestamp', 'body_md5', 'info'),
      fc.webQueryParameters(),
    ),
    {
      maxLength: 5,
    },
  )
  .map((pairs) => pairs.map(([name, rest]) => `${name}=${rest}`).join('&'));
const header = fc.constantFrom(
  ...['Host: a', 'Host: a\r\nHost: b', 'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c'],
  ...[
    'Content-Length: 5',
    'Content-Length: 5\r\nContent-Length: 6',
    'Content-Length: x',
    'Content-Length: -1',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: xchunked',
    'Sec-WebSocket-Key: x',
    'Expect: 100-continue',
  ],
  ...[
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13',
    'Origin: null',
    'X-Forwarded-For: ,,',
  ],
);
const request = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'get', 'X'),
    path,
    query,
    headers: fc.array(header, { maxLength: 6 }),
    body: fc.oneof(
      text,
      command.map((one) => JSON.stringify(one)),
    ),
  })
  .map((one) => {
    const head = `${one.method} ${one.path}?${one.query} HTTP/1.1\r\n${one.headers.join('\r\n')}`;
    return `${head}${one.headers.length > 0 ? '\r\n' : ''}\r\n${one.body}`;
  });

/** Raw HTTP requests, most of them invalid. */
export function requests(seed: number, count: number): readonly string[] {
  return fc.sample(request, { seed, numRuns: count });
}
