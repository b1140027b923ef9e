// Lets V8 compile the built program, and stores the compiled code next to it (see load.cjs). It starts a server in this process and
// uses it a little, because the cache contains only functions that were called.
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';

const [app, key, secret] = ['1', 'app-key', 'app-secret'];
const channels = ['news', 'private-news', 'cache-news', 'presence-news'];

const endpoint = createServer((request, response) => {
  request.resume();
  request.once('end', () => response.end());
}).listen(0, '127.0.0.1');
await once(endpoint, 'listening');
for (const name of Object.keys(process.env)) if (name.startsWith('SOKETIFY_')) delete process.env[name];
process.env['SOKETIFY_WEBHOOK_URL'] = `http://127.0.0.1:${endpoint.address().port}/`;

const line = lineOf(({ msg }) => msg === 'listening');
process.argv = [process.execPath, 'soketify-emulator', '--port', '0'];
const { keepCompiled, openIoredis } = createRequire(import.meta.url)('../../dist/main.cjs');
const { port } = await line;

const others = await join('other');
await (await join('one')).leave();
await publish('/events', { name: 'news', channels, data: '{}' });
await publish('/batch_events', { batch: channels.map((channel) => ({ name: 'news', channel, data: '{}' })) });
await others.leave();
openIoredis();
keepCompiled();
process.exit();

/** Resolves with the first log line that `isWanted` accepts. No line is shown. */
function lineOf(isWanted) {
  return new Promise((resolve) => {
    process.stdout.write = (text, ...rest) => {
      for (const entry of String(text).split('\n').filter(Boolean)) {
        const parsed = JSON.parse(entry);
        if (isWanted(parsed)) resolve(parsed);
      }
      rest.at(-1)?.();
      return true;
    };
  });
}

/** Connects a client, which subscribes to all channels and sends something. */
async function join(userId) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/app/${key}?protocol=7&client=js&version=8.4.0`);
  const events = [];
  socket.on('message', (text) => {
    events.push(JSON.parse(text));
    socket.emit('event');
  });
  const received = async (name) => {
    for (;;) {
      const found = events.find(({ event }) => event === name);
      if (found !== undefined) return events.splice(events.indexOf(found), 1)[0];
      await once(socket, 'event');
    }
  };
  const send = (event, data, channel) => socket.send(JSON.stringify({ event, data, channel }));
  const { socket_id: id } = JSON.parse((await received('pusher:connection_established')).data);
  for (const channel of channels) {
    const channelData = channel.startsWith('presence-')
      ? JSON.stringify({ user_id: userId, user_info: { name: userId } })
      : undefined;
    const signed = [id, channel, ...(channelData === undefined ? [] : [channelData])].join(':');
    send('pusher:subscribe', { channel, auth: `${key}:${hmac(signed)}`, channel_data: channelData });
    await received('pusher_internal:subscription_succeeded');
  }
  send('client-hello', { to: 'all' }, 'private-news');
  send('pusher:ping', {});
  await received('pusher:pong');
  return {
    async leave() {
      send('pusher:unsubscribe', { channel: 'news' });
      socket.close();
      await once(socket, 'close');
    },
  };
}

async function publish(path, content) {
  const body = JSON.stringify(content);
  const query = Object.entries({
    auth_key: key,
    auth_timestamp: Math.floor(Date.now() / 1000),
    auth_version: '1.0',
    body_md5: createHash('md5').update(body).digest('hex'),
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const signature = hmac(`POST\n/apps/${app}${path}\n${query}`);
  const url = `http://127.0.0.1:${port}/apps/${app}${path}?${query}&auth_signature=${signature}`;
  const { status } = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
  if (status !== 200) throw new Error(`publishing was answered ${status}`);
}

function hmac(text) {
  return createHmac('sha256', secret).update(text).digest('hex');
}
