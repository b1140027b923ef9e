import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readVariable, variables, type Env } from '../config/environment.ts';
import { Files, reasonOf } from '../config/files.ts';
import { defaultHost, defaultPort, isLoopback } from '../config/hosts.ts';
import { connectableHost, urlHost } from '../protocol/connectable-host.ts';
import { fieldOf, type JsonObject } from '../config/json.ts';
import { isObject } from '../protocol/json-value.ts';
import { describeSyntax } from '../config/json-syntax.ts';
import { layer } from '../config/layers.ts';
import { readSecret } from '../config/checks/secrets.ts';
import { UsageError } from './command.ts';

/** The options that select the server. */
export interface TargetOptions {
  readonly url?: URL;
  readonly config?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** The address and token for the admin API of a server. */
export interface Target {
  /** Without a trailing slash: `http://127.0.0.1:6001`. */
  readonly url: string;
  readonly token: string | undefined;
  /** The source of the token, for error messages. */
  readonly tokenOrigin: string | undefined;
  /** False: the server is on this machine, and its certificate need not contain the name that is used. */
  readonly verifiesCertificate: boolean;
}

/**
 * The selected server: from the command line, else from the environment, else from the configuration file, else the default address
 * on this machine. Throws a UsageError for an unreadable file or an invalid address.
 */
export function targetOf(options: TargetOptions, env: Env): Target {
  const { config: file } = options;
  const content = file === undefined ? undefined : readConfiguration(file);
  const { input } = layer(content, env, {});
  const token = tokenOf(options, input, env);
  const named = options.url ?? urlOfEnvironment(env);
  if (named !== undefined) return { url: baseOf(named), ...token, verifiesCertificate: true };
  const { host, port, isTls } = addressOf(input);
  const scheme = isTls ? 'https' : 'http';
  const url = `${scheme}://${urlHost(host)}:${port}`;
  if (!URL.canParse(url)) throw new UsageError(`expected a host and a port, got '${host}' and '${port}'`);
  return { url, ...token, verifiesCertificate: !isLoopback(connectableHost(host)) };
}

/** The address from the environment. Throws a UsageError if it is not a URL. */
export function urlOfEnvironment(env: Env): URL | undefined {
  const text = readVariable(env, variables.url);
  if (text === undefined) return undefined;
  if (/^https?:\/\/\S+$/i.test(text) && URL.canParse(text)) return new URL(text);
  throw new UsageError(
    `${variables.url}: expected an http or https URL such as http://127.0.0.1:6001, got '${text}'`,
  );
}

/** Reads a configuration file of which only some keys are needed. Throws a UsageError if it is not a JSON object. */
export function readConfiguration(file: string): JsonObject {
  const content = readJson(file, file);
  if (isObject(content)) return content;
  throw new UsageError(`${file}: expected a JSON object`);
}

/** Reads a file, or a file descriptor that `name` describes, as JSON. Throws a UsageError that states what is wrong. */
export function readJson(file: string | number, name: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new UsageError(`${name} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the file, secrets included.
    throw new UsageError(`${name} is ${describeSyntax(text)}`, { cause: error });
  }
}

/** Accepts the URL of the Dashboard too. */
function baseOf({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(/\/+$/, '').replace(/\/(dashboard|admin)$/, '')}`;
}

/** Where the configuration serves the admin API: on the main port, or on its own port with plain HTTP. */
function addressOf(input: JsonObject): { host: string; port: string; isTls: boolean } {
  const host = textOf(input['host'], 'host') ?? defaultHost;
  const dashboard = input['dashboard'];
  const ownPort = fieldOf(dashboard, 'port');
  if (ownPort === undefined) {
    return { host, port: portOf(input['port'] ?? defaultPort, 'port'), isTls: input['tls'] !== undefined };
  }
  const ownHost = textOf(fieldOf(dashboard, 'host'), 'dashboard.host') ?? host;
  return { host: ownHost, port: portOf(ownPort, 'dashboard.port'), isTls: false };
}

function portOf(port: unknown, path: string): string {
  if (port === 0)
    throw new UsageError(
      `${path} is 0, which means any free port; give the address of the server with --url`,
    );
  if (typeof port === 'number') return String(port);
  throw new UsageError(`${path}: expected a number, got '${String(port)}'`);
}

function textOf(value: unknown, path: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new UsageError(`${path}: expected an address, got ${JSON.stringify(value)}`);
}

function tokenOf(
  { token, tokenFile, config }: TargetOptions,
  input: JsonObject,
  env: Env,
): Pick<Target, 'token' | 'tokenOrigin'> {
  if (token !== undefined && tokenFile !== undefined) {
    throw new UsageError('expected --token or --token-file, got both');
  }
  if (token !== undefined) return { token, tokenOrigin: '--token' };
  if (tokenFile !== undefined) {
    return { token: readToken(tokenFile, process.cwd(), '--token-file'), tokenOrigin: '--token-file' };
  }
  const dashboard = input['dashboard'];
  for (const key of ['token', 'viewToken'] as const) {
    const inFile = fieldOf(dashboard, key);
    if (typeof inFile === 'string') {
      const variable = key === 'token' ? variables.dashboardToken : variables.dashboardViewToken;
      const isOfEnvironment = readVariable(env, variable) !== undefined;
      return { token: inFile, tokenOrigin: isOfEnvironment ? variable : `dashboard.${key} of ${config}` };
    }
    const name = fieldOf(dashboard, `${key}File`);
    if (typeof name === 'string') {
      const folder = dirname(resolve(config ?? ''));
      const path = `dashboard.${key}File`;
      return { token: readToken(name, folder, path), tokenOrigin: `${path} of ${config}` };
    }
  }
  return { token: undefined, tokenOrigin: undefined };
}

function readToken(name: string, folder: string, origin: string): string {
  const files = new Files(folder);
  const content = readSecret(name, files);
  if (content.kind === 'read') return content.text;
  throw new UsageError(`${origin}: ${files.quote(name)} ${content.reason}`);
}
