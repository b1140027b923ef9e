import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Address } from './addresses.ts';

/** The files in which this machine configures names. */
export interface LocalFiles {
  readonly hosts: string;
  readonly resolv: string;
}

/** The machine's own files. They are small and local: reading one takes microseconds, and none of the threads that others need. */
export const systemFiles: LocalFiles = {
  hosts:
    process.platform === 'win32'
      ? join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'drivers', 'etc', 'hosts')
      : '/etc/hosts',
  resolv: '/etc/resolv.conf',
};

const loopback: readonly Address[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Names that need no look-up: those of the hosts file, as it is now, and `localhost`. */
export class LocalNames {
  readonly #file: string;
  #version = '';
  #hosts: ReadonlyMap<string, readonly Address[]> = new Map();

  constructor(file: string) {
    this.#file = file;
  }

  /** The addresses of a lower-case name; undefined if name servers have to be asked. */
  find(name: string): readonly Address[] | undefined {
    this.#refresh();
    const isLocalhost = name === 'localhost' || name.endsWith('.localhost');
    return this.#hosts.get(name) ?? (isLocalhost ? loopback : undefined);
  }

  #refresh(): void {
    try {
      const { mtimeMs, size, ino } = statSync(this.#file);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === this.#version) return;
      this.#hosts = parseHosts(readFileSync(this.#file, 'utf8'));
      this.#version = version;
    } catch {
      this.#hosts = new Map();
      this.#version = '';
    }
  }
}

function parseHosts(text: string): ReadonlyMap<string, readonly Address[]> {
  const hosts = new Map<string, Address[]>();
  for (const { words } of linesOf(text)) {
    const [address = '', ...names] = words;
    const family = isIP(address);
    if (family !== 4 && family !== 6) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), { address, family }]);
    }
  }
  return hosts;
}

/**
 * The names to look up for a name, in the order of resolv.conf(5). A name with few dots is first completed by the search
 * domains, such as `api.default` in Kubernetes.
 */
export function candidatesOf(name: string, file: string): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const { search, ndots } = readSearch(file);
  const within = search.map((domain) => `${name}.${domain}`);
  return name.split('.').length > ndots ? [name, ...within] : [...within, name];
}

function readSearch(file: string): { readonly search: readonly string[]; readonly ndots: number } {
  let search: readonly string[] = [];
  let ndots = 1;
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // There are no search domains then.
  }
  for (const { words } of linesOf(text)) {
    const [keyword, ...values] = words;
    if (keyword === 'search' || keyword === 'domain') {
      search = values.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== '');
    }
    const given = values
      .map((value) => /^ndots:(\d+)$/.exec(value)?.[1])
      .find((value) => value !== undefined);
    if (keyword === 'options' && given !== undefined) ndots = Math.min(15, Number(given));
  }
  return { search, ndots };
}

function* linesOf(text: string): Generator<{ readonly words: readonly string[] }, void> {
  for (const line of text.split('\n')) {
    const words = line
      .replace(/[#;].*/, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    if (words.length > 0) yield { words };
  }
}
