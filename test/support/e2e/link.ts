import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A proxy to the server whose connections can fail, as networks do. It ends with its test. */
export interface Link {
  readonly port: number;
  /** Breaks every connection without a close at either end. New connections are possible. */
  cut(): void;
}

export async function openLink(server: { readonly port: number }): Promise<Link> {
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // Errors are expected when the link breaks.
    socket.on('error', () => {});
  };
  const relay = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    keep(client);
    keep(upstream);
    client.pipe(upstream).pipe(client);
  });
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    relay.close();
    cut();
  });
  return { port: (relay.address() as AddressInfo).port, cut };
}
