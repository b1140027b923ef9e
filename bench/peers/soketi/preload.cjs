// soketi 1.6.1 was written for a uWebSockets.js that put the fields given to `upgrade` on the socket object itself. Later
// ones hand them out by `getUserData()`; this puts them where soketi looks for them, once for each connection.
const Module = require('node:module');

const load = Module._load;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  return request === 'uWebSockets.js' ? withFieldsOnSockets(loaded) : loaded;
};

let adapted;

function withFieldsOnSockets(uws) {
  adapted ??= { ...uws, App: adapt(uws.App), SSLApp: adapt(uws.SSLApp) };
  return adapted;
}

function adapt(make) {
  return (...options) => {
    const app = make(...options);
    const serve = app.ws.bind(app);
    app.ws = (pattern, behavior) => serve(pattern, { ...behavior, open: withFields(behavior.open) });
    return app;
  };
}

function withFields(open) {
  return (socket) => {
    Object.assign(socket, socket.getUserData());
    open?.(socket);
  };
}
