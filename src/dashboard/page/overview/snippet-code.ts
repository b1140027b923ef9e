/** A browser client that subscribes to a channel, with pusher-js. Names between percent signs are placeholders. */
export const clientCode = `import Pusher from 'pusher-js';

const pusher = new Pusher('%key%', {
  wsHost: '%host%',
  %portName%: %port%,%path%
  forceTLS: %isTls%,
  enabledTransports: ['ws', 'wss'],
  cluster: 'local',
});
pusher.subscribe('orders').bind('order-paid', console.log);`;

/** A backend that publishes an event, with Pusher's library for Node. */
export const serverCode = `import Pusher from 'pusher';

const pusher = new Pusher({
  appId: '%appId%',
  key: '%key%',
  secret: process.env.PUSHER_SECRET,
  host: '%host%',
  port: '%port%',
  useTLS: %isTls%,
});
await pusher.trigger('orders', 'order-paid', { id: 1 });`;
