import uws, { type HttpRequest, type HttpResponse, type WebSocket } from 'uWebSockets.js';
import { Authority, type Request } from './authentic.ts';
import { Member, PresenceChannel } from './presence-channel.ts';
import { readSettings } from './settings.ts';

/*
 * The floor of the bench: a Pusher server that does only what the scenarios need. It verifies the requests of backends,
 * but accepts every subscription and every name. Its only state is that of presence channels. It has no limits, no liveness
 * checks and no errors. It sends each webhook once, without retries, and a lost connection causes no webhook. This is the
 * minimum that this library in this runtime needs to put the same frames on the wire.
 */

interface Connection {
  isOpen: boolean;
  /** The presence channels that the connection leaves when it closes. */
  presences: PresenceChannel[];
  userId: string;
}

type Socket = WebSocket<Connection>;

const settings = readSettings(process.argv[2] ?? '');
const { tls } = settings;
const app =
  tls === null ? uws.App() : uws.SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile });
const authority = new Authority(settings.apps);
// Imported only when needed, because its library would make the start slower.
const webhooks =
  settings.webhooks.length === 0 ? undefined : new (await import('./webhooks.ts')).Webhooks(settings);
const [sendsOccupancy, sendsClientEvents] = [
  webhooks?.wants('channel_occupied'),
  webhooks?.wants('client_event'),
];
const presences = new Map<string, PresenceChannel>();
const deferred: (() => void)[] = [];
/** The same for every connection. */
const socketId = '1.1';
const welcome = JSON.stringify({
  event: 'pusher:connection_established',
  data: JSON.stringify({ socket_id: socketId, activity_timeout: 120 }),
});

app
  .ws<Connection>('/app/:key', {
    maxPayloadLength: 64 * 1024,
    idleTimeout: 0,
    maxBackpressure: 64 * 1024 * 1024,
    upgrade: (response, request, context) => {
      response.upgrade(
        { isOpen: true, presences: [], userId: '' },
        request.getHeader('sec-websocket-key'),
        request.getHeader('sec-websocket-protocol'),
        request.getHeader('sec-websocket-extensions'),
        context,
      );
    },
    open: (socket) => void socket.send(welcome),
    message: (socket, bytes) => onMessage(socket, Buffer.from(bytes).toString()),
    close: (socket) => {
      const connection = socket.getUserData();
      connection.isOpen = false;
      const { presences: joined, userId } = connection;
      for (const channel of joined) leavePresence(channel, userId);
    },
  })
  .post('/apps/:id/events', (response, request) => serve(response, request, publishTrigger))
  .post('/apps/:id/batch_events', (response, request) => serve(response, request, publishBatch))
  .listen('127.0.0.1', 0, (listening) => {
    if (listening === false) throw new Error('Cannot listen on 127.0.0.1');
    process.stdout.write(`listening ${uws.us_socket_local_port(listening)}\n`);
  });

process.once('SIGTERM', () => process.exit(0));

function onMessage(socket: Socket, text: string): void {
  if (text.startsWith('{"event":"client-')) {
    const connection = socket.getUserData();
    const { event, channel, data } = JSON.parse(text) as { event: string; channel: string; data: unknown };
    atEndOfTurn(() => {
      if (connection.isOpen) socket.publish(channel, text);
    });
    if (sendsClientEvents) sendClientEvent(event, channel, JSON.stringify(data));
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
    if (sendsOccupancy && app.numSubscribers(channel) === 0) sendOccupancy('channel_occupied', channel);
    socket.subscribe(channel);
    socket.send(`{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"{}"}`);
    return;
  }
  const member = new Member(channelData);
  const presence = presences.get(channel) ?? new PresenceChannel(channel);
  presences.set(channel, presence);
  const added = presence.join(member);
  const succeeded = presence.succeeded();
  const connection = socket.getUserData();
  connection.presences.push(presence);
  connection.userId = member.userId;
  atEndOfTurn(() => {
    app.publish(channel, added);
    if (!connection.isOpen) return;
    socket.subscribe(channel);
    socket.send(succeeded);
  });
}

function unsubscribe(socket: Socket, channel: string): void {
  socket.unsubscribe(channel);
  if (sendsOccupancy && app.numSubscribers(channel) === 0) sendOccupancy('channel_vacated', channel);
  const connection = socket.getUserData();
  const presence = connection.presences.find(({ name }) => name === channel);
  if (presence === undefined) return;
  connection.presences = connection.presences.filter((other) => other !== presence);
  leavePresence(presence, connection.userId);
}

function leavePresence(channel: PresenceChannel, userId: string): void {
  const frame = channel.leave(userId);
  if (channel.size === 0) presences.delete(channel.name);
  else atEndOfTurn(() => app.publish(channel.name, frame));
}

/** Runs `act` later, because uWebSockets.js cannot combine messages to other sockets while it reads from one. */
function atEndOfTurn(act: () => void): void {
  if (deferred.length === 0) {
    setImmediate(() => {
      for (const one of deferred) one();
      deferred.length = 0;
    });
  }
  deferred.push(act);
}

function sendOccupancy(name: string, channel: string): void {
  webhooks?.add(name, `{"name":"${name}","channel":"${channel}"}`);
}

function sendClientEvent(event: string, channel: string, data: string): void {
  const json = JSON.stringify({ name: 'client_event', channel, event, data, socket_id: socketId });
  webhooks?.add('client_event', json);
}

function serve(response: HttpResponse, request: HttpRequest, publishAll: (body: string) => void): void {
  const [path, query] = [request.getUrl(), request.getQuery()];
  readBody(response, (body) => {
    const isAuthentic = authority.isAuthentic({ path, query, body } satisfies Request);
    if (isAuthentic) publishAll(body.toString());
    else response.writeStatus('401 Unauthorized');
    response.writeHeader('content-type', 'application/json').end('{}');
  });
}

function readBody(response: HttpResponse, use: (body: Buffer) => void): void {
  let body = Buffer.alloc(0);
  response.onData((chunk, isLast) => {
    body = Buffer.concat([body, Buffer.from(chunk)]);
    if (isLast) use(body);
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
  const frame = JSON.stringify({ event, channel, data });
  atEndOfTurn(() => app.publish(channel, frame));
}
