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
/** Warnings, and the line that announces that Sockudo will listen. */
const logFilter = 'warn,sockudo::bootstrap::runtime=info';

/** Why the program at `path` cannot be used, in one sentence with what to do; undefined if it can. */
export function faultOfSockudo(path: string | undefined): string | undefined {
  if (path === undefined) {
    return 'The target "sockudo" needs a program that you have built: pass it with --sockudo PATH, for example after "cargo install sockudo --version 5.0.1".';
  }
  try {
    versionOf(path);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return `--sockudo must be the path of a built Sockudo program, got "${path}", which did not print its version: ${reason}`;
  }
}

/** A Sockudo program, configured for one machine and without the limits that a load would reach. */
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
            // Sockudo also reads settings from variables such as PORT and DEBUG.
            env: { PATH: process.env['PATH'], RUST_LOG: logFilter },
            // A graceful shutdown can wait too long for the last webhooks.
            isKilled: true,
          },
        ),
      );
      // Sockudo logs the line before it listens.
      await untilAccepting(port);
      const readyMs = performance.now() - startedAt;
      return targetOf({ ...server, readyMs }, { port, isTls: variant.tls !== null });
    },
  };
}

/** The program's name and version, such as `sockudo 5.0.1`. */
function versionOf(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8', timeout: 5000, stdio: 'pipe' }).trim();
}

function metricsOn(port: number): object {
  return { enabled: true, host: '127.0.0.1', port };
}

/** The default configuration, but with state and queue in memory, and without the limits that a load would reach. */
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
            // 0 means no limit.
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

/** Resolves when the port accepts a connection; throws after five seconds. */
async function untilAccepting(port: number): Promise<void> {
  const limit = performance.now() + acceptLimitMs;
  while (!(await accepts(port))) {
    if (performance.now() > limit) {
      throw new Error(
        `sockudo accepted no connection within ${acceptLimitMs} ms after it logged that it listens`,
      );
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
