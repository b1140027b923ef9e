import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const partition = ['time', 'full', 'partition'] as const;
/** The parts of `known` that concern the server, and those that concern a partition. */
const ofServer = ['time', 'full', 'process'] as const;
const ofPartition = ['partition', 'known'] as const;
const known = [...ofServer, ...ofPartition] as const;

/** The operations. Each is the concatenation of these files and its own. */
const files = {
  join: [...partition, 'channel'],
  leave: [...partition, 'channel'],
  count: [...partition, 'channel'],
  release: [...partition, 'channel'],
  expire: [...partition, 'channel'],
  cache: [...partition, 'channel'],
  'forget-miss': [...partition, 'channel'],
  read: [...partition, 'channel'],
  'list-reported': partition,
  'read-reported': [...partition, 'channel'],
  show: [...known, 'channel'],
  reconcile: [...known, 'channel'],
  list: known,
  append: partition,
  due: partition,
  bury: partition,
  withdraw: partition,
  online: partition,
  'read-user': partition,
  connections: partition,
  admit: partition,
  terminate: partition,
  'read-ended': partition,
  lead: ['allow-oom', 'time'],
  give: ['allow-oom', 'time'],
  keep: ['allow-oom', 'time'],
  split: ['allow-oom'],
  fence: ['allow-oom'],
  settle: ['allow-oom'],
  owe: ['allow-oom'],
  'note-received': ['allow-oom'],
  ask: ['allow-oom'],
  drop: partition,
  'read-drops': known,
  'set-settings': [],
} as const satisfies Record<string, readonly string[]>;

/**
 * The operations of which one call can serve several partitions. The files of `ofServer` run once, and those of `ofPartition` together
 * with its own for each partition.
 */
const sharedNames = ['register', 'heartbeat'] as const;

/** The name of an operation that several partitions can share a call of. */
export type SharedScriptName = (typeof sharedNames)[number];

/** The name of an operation. */
export type ScriptName = keyof typeof files | SharedScriptName;

export function isShared(name: ScriptName): name is SharedScriptName {
  return sharedNames.some((shared) => shared === name);
}

/** A script, and the SHA-1 digest by which Redis knows it after the first call. */
export interface Script {
  readonly text: string;
  readonly digest: string;
}

/** Reads all scripts. Throws if their files are missing. */
export function loadScripts(): ReadonlyMap<ScriptName, Script> {
  const scripts = new Map<ScriptName, Script>();
  const names = Object.keys(files).filter((name): name is keyof typeof files => name in files);
  for (const name of names) scripts.set(name, toScript([...files[name], name].map(read)));
  for (const name of sharedNames) {
    const one = ['local function one(KEYS, ARGV)', ...[...ofPartition, name].map(read), 'end'];
    scripts.set(name, toScript([...ofServer.map(read), ...one, read('each')]));
  }
  return scripts;
}

function read(name: string): string {
  return readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8');
}

function toScript(parts: readonly string[]): Script {
  const text = parts.join('\n');
  return { text, digest: createHash('sha1').update(text).digest('hex') };
}
