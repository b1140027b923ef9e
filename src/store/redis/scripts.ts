import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The operations, one file each, and what each begins with. */
const files = {
  join: ['partition', 'channel'],
  leave: ['partition', 'channel'],
  count: ['partition', 'channel'],
  release: ['partition', 'channel'],
  expire: ['partition', 'channel'],
  cache: ['partition', 'channel'],
  'forget-miss': ['partition', 'channel'],
  read: ['partition', 'channel'],
  append: ['partition'],
  register: ['partition'],
  heartbeat: ['partition'],
  due: ['partition'],
  bury: ['partition'],
  withdraw: ['partition'],
  online: ['partition'],
  'read-user': ['partition'],
  connections: ['partition'],
  admit: ['partition'],
  terminate: ['partition'],
  'read-ended': ['partition'],
  lead: [],
  keep: [],
  fence: [],
  settle: [],
  drop: [],
} as const satisfies Record<string, readonly string[]>;

/** The name of an operation. */
export type ScriptName = keyof typeof files;

/** A script, and the digest by which Redis knows it once it has seen it. */
export interface Script {
  readonly text: string;
  readonly digest: string;
}

/** Reads every script. Throws when the program is installed without them. */
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
