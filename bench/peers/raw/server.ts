import uws, { type HttpResponse, type WebSocket } from 'uWebSockets.js';
import { Member, PresenceChannel } from './presence-channel.ts';

/*
 * The floor of the bench: what is left of a Pusher server when everything is taken away that a scenario can do without.
 * It believes every signature and every name, keeps no state but that of presence channels, has no limits, no timers, no
 * webhooks and no errors. It is the least that this library, in this runtime, needs to do the same thing on the wire.
 */

interface Connection {
  /** The channels that are to hear of its end. */
  presences: PresenceChannel[];
  userId: string;
}

type Socket = WebSocket<Connection>;

const [certFile, keyFile] = process.argv.slice(2);
const app =
  certFile === undefined || keyFile === undefined
    ? uws.App()
    : uws.SSLApp({ cert_file_name: certFile, key_file_name: keyFile });
const presences = new Map<string, PresenceChannel>();
const welcome = JSON.stringify({
  event: 'pusher:connection_established',
  data: JSON.stringify({ socket_id: '1.1', activity_timeout: 120 }),
});

app
  .ws<Connection>('/app/:key', {
    maxPayloadLength: 64 * 1024,
    idleTimeout: 0,
    maxBackpressure: 64 * 1024 * 1024,
    upgrade: (response, request, context) => {
      response.upgrade(
        { presences: [], userId: '' },
        request.getHeader('sec-websocket-key'),
        request.getHeader('sec-websocket-protocol'),
        request.getHeader('sec-websocket-extensions'),
        context,
      );
    },
    open: (socket) => void socket.send(welcome),
    message: (socket, bytes) => onMessage(socket, Buffer.from(bytes).toString()),
    close: (socket) => {
      const { presences: joined, userId } = socket.getUserData();
      for (const channel of joined) leavePresence(channel, userId);
    },
  })
  .post('/apps/:id/events', (response) => readBody(response, publishTrigger))
  .post('/apps/:id/batch_events', (response) => readBody(response, publishBatch))
  .listen('127.0.0.1', 0, (listening) => {
    if (listening === false) throw new Error('Cannot listen on 127.0.0.1');
    process.stdout.write(`listening ${uws.us_socket_local_port(listening)}\n`);
  });

process.once('SIGTERM', () => process.exit(0));

function onMessage(socket: Socket, text: string): void {
  if (text.startsWith('{"event":"client-')) {
    const { channel } = JSON.parse(text) as { channel: string };
    socket.publish(channel, text);
    return;
  }
  const { event, data } = JSON.parse(text) as {
    event: string;
    data: { channel: string; channel_data?: string };
  };
  if (event === 'pusher:subscribe') subscribe(socket, data.channel, data.channel_data);
  else if (event === 'pusher:unsubscribe') unsubscribe(socket, data.channel);
}

function subscribe(socket: Socket, channel: string, channelData: string | undefined): void {
  if (channelData === undefined) {
    socket.subscribe(channel);
    socket.send(`{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"{}"}`);
    return;
  }
  const member = new Member(channelData);
  const presence = presences.get(channel) ?? new PresenceChannel(channel);
  presences.set(channel, presence);
  app.publish(channel, presence.join(member));
  const connection = socket.getUserData();
  connection.presences.push(presence);
  connection.userId = member.userId;
  socket.subscribe(channel);
  socket.send(presence.succeeded());
}

function unsubscribe(socket: Socket, channel: string): void {
  socket.unsubscribe(channel);
  const connection = socket.getUserData();
  const presence = connection.presences.find(({ name }) => name === channel);
  if (presence === undefined) return;
  connection.presences = connection.presences.filter((other) => other !== presence);
  leavePresence(presence, connection.userId);
}

function leavePresence(channel: PresenceChannel, userId: string): void {
  const frame = channel.leave(userId);
  if (channel.size === 0) presences.delete(channel.name);
  else app.publish(channel.name, frame);
}

function readBody(response: HttpResponse, use: (body: string) => void): void {
  let body = Buffer.alloc(0);
  response.onData((chunk, isLast) => {
    body = Buffer.concat([body, Buffer.from(chunk)]);
    if (!isLast) return;
    use(body.toString());
    response.writeHeader('content-type', 'application/json').end('{}');
  });
  response.onAborted(() => {});
}

function publishTrigger(body: string): void {
  const { name, channels, data } = JSON.parse(body) as { name: string; channels: string[]; data: string };
  for (const channel of channels) publish(channel, name, data);
}

function publishBatch(body: string): void {
  const { batch } = JSON.parse(body) as { batch: { name: string; channel: string; data: string }[] };
  for (const { channel, name, data } of batch) publish(channel, name, data);
}

function publish(channel: string, event: string, data: string): void {
  app.publish(channel, JSON.stringify({ event, channel, data }));
}
