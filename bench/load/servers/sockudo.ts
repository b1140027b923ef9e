import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { withFile } from './config-file.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';
import {
  appsOf,
  targetOf,
  type Launch,
  type ServerSettings,
  type TargetKind,
  type Variant,
} from './target.ts';

const acceptLimitMs = 5000;
/** Warnings, and the one line that says that it is about to listen. */
const logFilter = 'warn,sockudo::bootstrap::runtime=info';

/** What is wrong with the path of its program, in one sentence with what to do; undefined when it can be used. */
export function faultOfSockudo(path: string | undefined): string | undefined {
  if (path === undefined) {
    return 'The target "sockudo" is built by its owner: give its program with --sockudo PATH, for instance after "cargo install sockudo --version 5.0.1".';
  }
  try {
    versionOf(path);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return `--sockudo is the program of a Sockudo that was built, got "${path}", which does not tell its version: ${why}`;
  }
}

/** Sockudo, as its owner has built it, on one machine and with what would end the load switched off. */
export function sockudo(name: string, launch: Launch, variant: Variant): TargetKind {
  const { sockudo: program } = launch;
  const fault = faultOfSockudo(program);
  if (program === undefined || fault !== undefined) throw new Error(fault);
  return {
    name,
    version: versionOf(program),
    abilities: new Set(['webhooks', 'own-process', 'apps']),
    start: async (settings) => {
      const [port, metricsPort] = [await freePort(), await freePort()];
      const config = { ...sockudoConfig(settings, variant), port, metrics: metricsOn(metricsPort) };
      const startedAt = performance.now();
      const server = await withFile(config, (file) =>
        startProcess(
          [...launch.prefix, program, '--config', file],
          (line) => (/https? server listening/.test(line) ? true : null),
          {
            // It takes its settings from variables such as PORT and DEBUG as well.
            env: { PATH: process.env['PATH'], RUST_LOG: logFilter },
            // When asked, it may wait for its last webhooks for longer than a run would like.
            isKilled: true,
          },
        ),
      );
      // It says so before it listens.
      await untilAccepting(port);
      const readyMs = performance.now() - startedAt;
      return targetOf({ ...server, readyMs }, { port, isTls: variant.tls !== null });
    },
  };
}

/** What the program calls itself, such as `sockudo 5.0.1`. */
function versionOf(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8', timeout: 5000, stdio: 'pipe' }).trim();
}

function metricsOn(port: number): object {
  return { enabled: true, host: '127.0.0.1', port };
}

/** As it is by default, but with state and queue in its own memory, and without the limits that a load would meet. */
export function sockudoConfig(settings: ServerSettings, { tls }: Pick<Variant, 'tls'>): object {
  const { webhooks = [], batchEvents } = settings;
  return {
    host: '127.0.0.1',
    shutdown_grace_period: 0,
    adapter: { driver: 'local' },
    cache: { driver: 'memory' },
    queue: { driver: 'memory' },
    rate_limiter: { enabled: false, driver: 'memory' },
    presence: { max_members_per_channel: 1_000_000 },
    ...(batchEvents === undefined ? {} : { webhooks: { batching: { size: batchEvents } } }),
    ...(tls === null ? {} : { ssl: { enabled: true, cert_path: tls.certFile, key_path: tls.keyFile } }),
    app_manager: {
      driver: 'memory',
      array: {
        apps: appsOf(settings).map(({ appId, key, secret }, index) => ({
          id: appId,
          key,
          secret,
          enabled: true,
          policy: {
            // 0 is no limit.
            limits: { max_connections: 0, max_client_events_per_second: 0 },
            features: { enable_client_messages: true },
            webhooks:
              index === 0 ? webhooks.map(({ url, eventTypes }) => ({ url, event_types: eventTypes })) : [],
          },
        })),
      },
    },
  };
}

/** Resolves once the port takes a connection; throws after five seconds. */
async function untilAccepting(port: number): Promise<void> {
  const limit = performance.now() + acceptLimitMs;
  while (!(await accepts(port))) {
    if (performance.now() > limit) {
      throw new Error(`sockudo took no connection within ${acceptLimitMs} ms of saying that it listens`);
    }
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
