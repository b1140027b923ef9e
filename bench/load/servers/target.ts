import { join } from 'node:path';
import type { Address } from '../driver/address.ts';
import type { ServerProcess } from './process.ts';
import type { BenchRedis } from './redis.ts';

/** A server under test that runs. */
export interface Target extends Address {
  /** Undefined when the process is not known or not on this machine. */
  readonly pid: number | undefined;
  /** From the start of its process until it said that it was ready; null when it ran already. */
  readonly readyMs: number | null;
  stop(): Promise<void>;
}

/** What a case needs of the server. */
export interface ServerSettings {
  /** Where its only app sends webhooks. */
  readonly webhooks?: readonly { readonly url: string; readonly eventTypes: readonly string[] }[];
  /** Events in one POST at most; the default is the server's own. */
  readonly batchEvents?: number;
  /** How long a leave lingers before its webhook; the default is the server's own. */
  readonly graceMs?: number;
  /** Makes it one of several nodes; the default is a single one, with its ledger in memory. */
  readonly redisUrl?: string;
  /** With the limits that are in force when nothing is configured; the default is none where one would end the load. */
  readonly hasDefaultLimits?: boolean;
  /** How many apps it serves; the default is 1. */
  readonly appCount?: number;
}

/** What not every server can be asked to do. */
export type Ability =
  /** Its webhooks can be configured by the bench. */
  | 'webhooks'
  /** The bench starts it, so that it can begin anew and be looked at from its first moment. */
  | 'own-process'
  /** It serves more than one app. */
  | 'apps'
  /** It runs as several nodes, as this project does it. */
  | 'nodes'
  /** It serves with several threads, as this project does it. */
  | 'workers';

/** A kind of server, with its variant: `emulator`, `raw+tls`. */
export interface TargetKind {
  readonly name: string;
  /** For the head of the report. */
  readonly version: string;
  readonly abilities: ReadonlySet<Ability>;
  start(settings: ServerSettings): Promise<Target>;
}

/** How the bench starts processes. */
export interface Launch {
  /** Words before the command, such as `taskset -c 0`. */
  readonly prefix: readonly string[];
  /** Where to leave CPU profiles of the emulator and the floor, in a folder each; if anywhere. */
  readonly profileDir: string | undefined;
  /** The program of a Sockudo, if its owner has built one. */
  readonly sockudo: string | undefined;
}

/** A server of the bench's own that has started on this machine, and the Redis that was started for it. */
export function targetOf(
  server: ServerProcess<unknown>,
  { port, isTls }: Pick<Target, 'port' | 'isTls'>,
  redis: BenchRedis | null = null,
  cleanUp: () => void = () => {},
): Target {
  return {
    ...appOf(0),
    host: '127.0.0.1',
    port,
    isTls,
    pid: server.pid,
    readyMs: server.readyMs,
    stop: async () => {
      await server.stop();
      await redis?.stop();
      cleanUp();
    },
  };
}

/** The command that runs a program of this repository as the target of this name. */
export function nodeCommand({ prefix, profileDir }: Launch, name: string): readonly string[] {
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileDir, name)}`];
  return [...prefix, process.execPath, ...profile];
}

/** How a target differs from the plain one. */
export interface Variant {
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly usesRedis: boolean;
  /** It keeps on disk what a kill must not lose. */
  readonly usesStore: boolean;
  /** Threads that share the port; null is what the server does by itself. */
  readonly workers: number | null;
  /** Off, served but looked at by nobody (the default on loopback), or with one page open. */
  readonly dashboard: 'off' | 'closed' | 'watched';
}

/** The app with this number, from 0, on every server that the bench configures. */
export function appOf(index: number): Pick<Address, 'appId' | 'key' | 'secret'> {
  return { appId: String(index + 1), key: `bench-key-${index + 1}`, secret: `bench-secret-${index + 1}` };
}

/** The same for all of them. */
export function appsOf({ appCount = 1 }: ServerSettings) {
  return Array.from({ length: appCount }, (_, index) => appOf(index));
}

/** Which variant of another target one is compared with: the one that speaks TLS if it does, for instance `raw+tls`. */
export function counterpartOf(name: string, base: string): string {
  return name.includes('+tls') ? `${base}+tls` : base;
}
