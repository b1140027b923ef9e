import * as v from 'valibot';
import { quote, type ConfigFault } from '../checks/fault.ts';
import * as field from './fields.ts';
import type { Files } from '../files.ts';
import { fieldOf } from '../json.ts';
import { defaultHost, defaultPort, isLoopback } from '../hosts.ts';
import { readSecret } from '../checks/secrets.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

const tokenForm = /^[\x21-\x7e]{16,}$/;
const expectedToken =
  'expected at least 16 visible ASCII characters, such as the output of "openssl rand -hex 32"';

const token = field.textLike(tokenForm, expectedToken);

const settings = field.group({
  token: field.optional(
    token,
    'The token that may see and change everything. Required in production, and unless the host is a loopback address.',
  ),
  tokenFile: field.optional(
    field.nonEmptyText(),
    'A file that contains the token, relative to the configuration file. Replaces token.',
  ),
  viewToken: field.optional(token, 'The token that may see everything and change nothing.'),
  viewTokenFile: field.optional(
    field.nonEmptyText(),
    'A file that contains the view token, relative to the configuration file. Replaces viewToken.',
  ),
  host: field.optional(field.host(), 'The address of the separate port. Default: the host of the server.'),
  port: field.optional(
    field.wholeNumber(0, 65_535),
    'Serve the Dashboard and the admin API on this separate port by plain HTTP, and only there. 0 picks a free port.',
  ),
  allowedHosts: field.withDefault(
    field.listOf(field.host()),
    [],
    'The host names, without a port, under which browsers open the Dashboard, in addition to localhost.',
  ),
  payloads: field.withDefault(
    field.flag(),
    true,
    'Whether the data of events and the bodies of webhooks are shown.',
  ),
  historyBytes: field.withDefault(
    field.wholeNumber(64 * kibibyte, gibibyte),
    16 * mebibyte,
    'The memory for the history of events, deliveries and connections.',
  ),
});

/** The dashboard key of a file: an object, or true for the defaults. */
export const dashboard = field.optional(
  field.flagOr(settings),
  'Serve the Dashboard at /dashboard/ and the admin API at /admin. true, false, or an object. Default: true with a token. Without one, true only on a loopback host, if NODE_ENV is not production and neither trustedProxies nor path is set.',
);

/** The settings of the Dashboard. */
export interface DashboardConfig {
  /** Undefined: programs and pages on this machine need no token. */
  readonly token: string | undefined;
  readonly viewToken: string | undefined;
  /** The address of the separate port; undefined if the Dashboard is served on the main port. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly allowedHosts: readonly string[];
  readonly payloads: boolean;
  readonly historyBytes: number;
}

/** The settings, besides the key itself, that decide whether and where the Dashboard is served. */
interface Surroundings {
  readonly host: string;
  readonly production: boolean;
  /** Whether the configuration indicates a proxy. The addresses of forwarded requests may then be of this machine. */
  readonly isBehindProxies: boolean;
}

/** Returns the settings of a configuration without faults; undefined if the Dashboard is not served. */
export function resolveDashboard(
  parsed: v.InferOutput<typeof dashboard>,
  { host, production, isBehindProxies }: Surroundings,
  files: Files,
): DashboardConfig | undefined {
  if (parsed === false) return undefined;
  if (parsed === undefined && (production || !isLoopback(host) || isBehindProxies)) return undefined;
  const given = typeof parsed === 'object' ? parsed : v.parse(settings, {});
  const { tokenFile, viewTokenFile, ...rest } = given;
  return {
    ...rest,
    token: rest.token ?? tokenIn(tokenFile, files),
    viewToken: rest.viewToken ?? tokenIn(viewTokenFile, files),
    host: rest.port === undefined ? undefined : (rest.host ?? host),
    port: rest.port,
  };
}

function tokenIn(file: string | undefined, files: Files): string | undefined {
  if (file === undefined) return undefined;
  const content = readSecret(file, files);
  if (content.kind === 'faulty') throw new Error('a file without a token was taken for faultless');
  return content.text;
}

/** The Dashboard can change everything, so without a token it is only for this machine. */
export function dashboardFaults(input: unknown, production: boolean, files: Files): readonly ConfigFault[] {
  const given = fieldOf(input, 'dashboard');
  if (given === undefined || given === false) return [];
  return [
    ...openFaults(input, production),
    ...addressFaults(input),
    ...tokenFaults(given, 'token', files),
    ...tokenFaults(given, 'viewToken', files),
    ...viewTokenFaults(given, files),
  ];
}

/** The faults that would open the Dashboard to other machines. */
function openFaults(input: unknown, production: boolean): readonly ConfigFault[] {
  const given = fieldOf(input, 'dashboard');
  if (hasToken(given, 'token')) return [];
  const hasOwnPort = fieldOf(given, 'port') !== undefined;
  const host = (hasOwnPort ? fieldOf(given, 'host') : undefined) ?? fieldOf(input, 'host') ?? defaultHost;
  const path = 'dashboard.token';
  if (production) {
    const message =
      'missing; when NODE_ENV is production the Dashboard requires a token. Give token or tokenFile, or leave dashboard out';
    return [{ path, message }];
  }
  // The schema has already reported a host of another type.
  if (typeof host !== 'string' || isLoopback(host)) return [];
  const message = `missing; on the host ${quote(host)} other machines can reach the Dashboard. Give token or tokenFile, listen on 127.0.0.1, or give dashboard.port and the dashboard.host 127.0.0.1`;
  return [{ path, message }];
}

function addressFaults(input: unknown): readonly ConfigFault[] {
  const given = fieldOf(input, 'dashboard');
  const port = fieldOf(given, 'port');
  if (port === undefined) {
    if (fieldOf(given, 'host') === undefined) return [];
    const message =
      'is given without dashboard.port; give both, or leave both out to serve the Dashboard on the main port';
    return [{ path: 'dashboard.host', message }];
  }
  // The schema has already reported a port of another type.
  if (typeof port !== 'number') return [];
  const serverHost = fieldOf(input, 'host') ?? defaultHost;
  const host = fieldOf(given, 'host') ?? serverHost;
  const metrics = fieldOf(input, 'metrics');
  const others = [
    { of: 'the server', host: serverHost, port: fieldOf(input, 'port') ?? defaultPort },
    { of: 'metrics', host: fieldOf(metrics, 'host') ?? serverHost, port: fieldOf(metrics, 'port') },
  ];
  return others
    .filter((other) => port !== 0 && other.port === port && other.host === host)
    .map(({ of }) => {
      const message = `${port} is also the port of ${of}; give the Dashboard another port, or 0 for a free one`;
      return { path: 'dashboard.port', message };
    });
}

type TokenKey = 'token' | 'viewToken';

function hasToken(given: unknown, key: TokenKey): boolean {
  return fieldOf(given, key) !== undefined || fieldOf(given, `${key}File`) !== undefined;
}

/** The faults of a token in a file. The schema checks a token in the configuration. */
function tokenFaults(given: unknown, key: TokenKey, files: Files): readonly ConfigFault[] {
  const name = fieldOf(given, `${key}File`);
  const path = `dashboard.${key}File`;
  if (name !== undefined && fieldOf(given, key) !== undefined) {
    return [{ path, message: `is given together with ${key}; give only one of them` }];
  }
  // The schema has already reported a value that is not a file name.
  if (typeof name !== 'string' || name === '') return [];
  const content = readSecret(name, files);
  if (content.kind === 'faulty') return [{ path, message: `${files.quote(name)} ${content.reason}` }];
  if (tokenForm.test(content.text)) return [];
  return [{ path, message: `${files.quote(name)} contains no token; ${expectedToken}` }];
}

function viewTokenFaults(given: unknown, files: Files): readonly ConfigFault[] {
  if (!hasToken(given, 'viewToken')) return [];
  const path = fieldOf(given, 'viewToken') === undefined ? 'dashboard.viewTokenFile' : 'dashboard.viewToken';
  if (!hasToken(given, 'token')) {
    return [{ path, message: 'is given without dashboard.token; give both, or leave it out' }];
  }
  const view = readToken(given, 'viewToken', files);
  if (view === undefined || view !== readToken(given, 'token', files)) return [];
  return [
    {
      path,
      message:
        'is the same as dashboard.token; give a different one, because a view token must not allow changes',
    },
  ];
}

/** Returns a token from the configuration or its file; undefined if it cannot be read, which has been reported. */
function readToken(given: unknown, key: TokenKey, files: Files): string | undefined {
  const direct = fieldOf(given, key);
  if (direct !== undefined) return typeof direct === 'string' ? direct : undefined;
  const name = fieldOf(given, `${key}File`);
  if (typeof name !== 'string' || name === '') return undefined;
  const content = readSecret(name, files);
  return content.kind === 'read' ? content.text : undefined;
}
