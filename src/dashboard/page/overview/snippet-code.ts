/** A browser that connects and listens, by pusher-js. What stands between percent signs is filled in. */
export const clientCode = `import Pusher from 'pusher-js';

const pusher = new Pusher('%key%', {
  wsHost: '%host%',
  %portName%: %port%,%path%
  forceTLS: %isTls%,
  enabledTransports: ['ws', 'wss'],
  cluster: 'local',
});
pusher.subscribe('orders').bind('order-paid', console.log);`;

/** A backend that publishes, by Pusher's library for Node. */
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
