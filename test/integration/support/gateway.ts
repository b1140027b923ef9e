import { onTestFinished } from 'vitest';
import type { Socket } from '../../../src/ports/socket.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../../src/transport/gateway.ts';
import type { Route } from '../../../src/transport/http.ts';
import type { Greeting } from '../../../src/ports/greeting.ts';
import { loadUws } from '../../../src/transport/uws.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RecordingLog } from './log.ts';

/** A gateway whose clients all receive one topic, and what is known of them. */
interface Stage {
  readonly gateway: Gateway;
  readonly port: number;
  readonly metricsPort: number | undefined;
  readonly dashboardPort: number | undefined;
  readonly greetings: Greeting[];
  readonly sockets: Socket[];
  readonly texts: string[];
  readonly log: RecordingLog;
  readonly clock: FakeClock;
}

/** The topic that every client receives. */
export const topic = 'all';

export const hello = '{"event":"hello"}';

/** A gateway on a free loopback port; each client is sent `hello`. */
export async function startGateway(
  given: Partial<GatewayOptions> = {},
  routes: readonly Route[] = [],
): Promise<Stage> {
  const log = new RecordingLog();
  const clock = new FakeClock();
  let ids = 0;
  const gateway = createGateway(await loadUws(), {
    host: '127.0.0.1',
    port: 0,
    path: '',
    trustedProxies: [],
    compression: false,
    publicMetrics: true,
    maxBackpressureBytes: 1024 * 1024,
    maxTotalBackpressureBytes: 256 * 1024 * 1024,
    frameCeilingBytes: 1024 * 1024,
    bodyBytes: () => 1024 * 1024,
    clock,
    log,
    ids: { requestId: () => `req_${(ids += 1)}` },
    refused({ kind, fields, isLogged }) {
      if (isLogged !== true) log.info(fields, `${kind} refused`);
    },
    answered: () => {},
    ...given,
  });
  onTestFinished(() => gateway.close());
  const known = { greetings: [] as Greeting[], sockets: [] as Socket[], texts: [] as string[] };
  const served = await gateway.serve<Socket>(
    {
      open(socket, greeting) {
        known.greetings.push(greeting);
        known.sockets.push(socket);
        socket.subscribe(topic);
        socket.send(hello);
        return socket;
      },
      receive: (_socket, text) => void known.texts.push(text),
      receiveBinary() {},
      accepts: (_socket, bytes) => bytes <= 256 * 1024,
      tooLarge() {},
      tooSlow() {},
      closed() {},
    },
    routes,
  );
  return { gateway, log, clock, ...known, ...served };
}
