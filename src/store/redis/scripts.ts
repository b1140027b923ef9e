import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The operations. Each is the concatenation of these files and its own. */
const files = {
  join: ['time', 'partition', 'channel'],
  leave: ['time', 'partition', 'channel'],
  count: ['time', 'partition', 'channel'],
  release: ['time', 'partition', 'channel'],
  expire: ['time', 'partition', 'channel'],
  cache: ['time', 'partition', 'channel'],
  'forget-miss': ['time', 'partition', 'channel'],
  read: ['time', 'partition', 'channel'],
  show: ['time', 'partition', 'channel', 'known'],
  list: ['time', 'partition', 'known'],
  append: ['time', 'partition'],
  register: ['time', 'partition', 'known'],
  heartbeat: ['time', 'partition', 'known'],
  due: ['time', 'partition'],
  bury: ['time', 'partition'],
  withdraw: ['time', 'partition'],
  online: ['time', 'partition'],
  'read-user': ['time', 'partition'],
  connections: ['time', 'partition'],
  admit: ['time', 'partition'],
  terminate: ['time', 'partition'],
  'read-ended': ['time', 'partition'],
  lead: ['allow-oom', 'time'],
  give: ['allow-oom', 'time'],
  keep: ['allow-oom', 'time'],
  split: ['allow-oom'],
  fence: ['allow-oom'],
  settle: ['allow-oom'],
  drop: ['time', 'partition'],
  'read-drops': ['time', 'partition', 'known'],
  'set-settings': [],
} as const satisfies Record<string, readonly string[]>;

/** The name of an operation. */
export type ScriptName = keyof typeof files;

/** A script, and the SHA-1 digest by which Redis knows it after the first call. */
export interface Script {
  readonly text: string;
  readonly digest: string;
}

/** Reads all scripts. Throws if their files are missing. */
export function loadScripts(): ReadonlyMap<ScriptName, Script> {
  const names = Object.keys(files).filter((name): name is ScriptName => name in files);
  return new Map(names.map((name) => [name, load([...files[name], name])]));
}

function load(parts: readonly string[]): Script {
  const text = parts
    .map((part) => readFileSync(new URL(`scripts/${part}.lua`, import.meta.url), 'utf8'))
    .join('\n');
  return { text, digest: createHash('sha1').update(text).digest('hex') };
}
