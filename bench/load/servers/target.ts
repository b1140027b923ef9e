import { join } from 'node:path';
import type { Address } from '../driver/address.ts';
import type { ServerProcess } from './process.ts';
import type { BenchRedis } from './redis.ts';

/** A running server under test. */
export interface Target extends Address {
  /** Undefined if the process is unknown or not on this machine. */
  readonly pid: number | undefined;
  /** The time from the start of its process until it was ready; null if the bench did not start it. */
  readonly readyMs: number | null;
  stop(): Promise<void>;
}

/** The settings that a case needs. */
export interface ServerSettings {
  /** The webhook endpoints of its first app. */
  readonly webhooks?: readonly { readonly url: string; readonly eventTypes: readonly string[] }[];
  /** The most events in one POST; the default is the server's own. */
  readonly batchEvents?: number;
  /** The grace period after a leave before its webhook; the default is the server's own. */
  readonly graceMs?: number;
  /** The Redis of a cluster to join; the default is a single node with its ledger in memory. */
  readonly redisUrl?: string;
  /** Whether the server keeps its default limits; by default, those that would end the load are switched off. */
  readonly hasDefaultLimits?: boolean;
  /** The number of apps; the default is 1. */
  readonly appCount?: number;
}

/** What not every server supports. */
export type Ability =
  /** The bench can configure its webhooks. */
  | 'webhooks'
  /** The bench starts its process, so it can restart it and measure it from the start. */
  | 'own-process'
  /** It serves more than one app. */
  | 'apps'
  /** It runs as several nodes in the way of this project. */
  | 'nodes'
  /** It serves with several threads in the way of this project. */
  | 'workers';

/** A kind of server with its variant, such as `emulator` or `raw+tls`. */
export interface TargetKind {
  readonly name: string;
  /** Shown in the header of the report. */
  readonly version: string;
  readonly abilities: ReadonlySet<Ability>;
  start(settings: ServerSettings): Promise<Target>;
}

/** How the bench starts processes. */
export interface Launch {
  /** Words before the command, such as `taskset -c 0`. */
  readonly prefix: readonly string[];
  /** Where to write CPU profiles of the emulator and the floor, in a folder each; undefined for none. */
  readonly profileDir: string | undefined;
  /** The path of a Sockudo program, if one was given. */
  readonly sockudo: string | undefined;
}

/** A started server as a target, with the Redis that was started for it. */
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

/** The command that runs a program of this repository as the target `name`. */
export function nodeCommand({ prefix, profileDir }: Launch, name: string): readonly string[] {
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileDir, name)}`];
  return [...prefix, process.execPath, ...profile];
}

/** How a target differs from the plain one. */
export interface Variant {
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly usesRedis: boolean;
  /** Whether it stores on disk what must survive a kill. */
  readonly usesStore: boolean;
  /** The number of threads that share the port; null means the server's default. */
  readonly workers: number | null;
  /** Off, served without an open page (the default on loopback), or with one open page. */
  readonly dashboard: 'off' | 'closed' | 'watched';
}

/** The app with this index on every server that the bench configures. */
export function appOf(index: number): Pick<Address, 'appId' | 'key' | 'secret'> {
  return { appId: String(index + 1), key: `bench-key-${index + 1}`, secret: `bench-secret-${index + 1}` };
}

/** All apps of a server. */
export function appsOf({ appCount = 1 }: ServerSettings) {
  return Array.from({ length: appCount }, (_, index) => appOf(index));
}

/** The target to compare `name` with: a TLS variant is compared with the TLS variant of `base`, such as `raw+tls`. */
export function counterpartOf(name: string, base: string): string {
  return name.includes('+tls') ? `${base}+tls` : base;
}
