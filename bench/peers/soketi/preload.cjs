// soketi 1.6.1 expects a uWebSockets.js that puts the fields given to `upgrade` on the socket object. Later versions
// return them from `getUserData()`. This file copies them to the socket object, once for each connection.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const uws = createRequire(join(__dirname, 'installed', 'package.json'))('uWebSockets.js');

uws.App = adapted(uws.App);
uws.SSLApp = adapted(uws.SSLApp);

function adapted(make) {
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
