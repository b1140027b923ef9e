import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { quoteWhole } from './checks/fault.ts';

/** Reads a file as UTF-8. Throws if it cannot be read. */
export type ReadFile = (path: string) => string;

/** Returns the permissions of a file, as in `Stats.mode`; undefined if they are meaningless or unavailable. */
export type ModeOf = (path: string) => number | undefined;

/** The result of reading a file. `reason` does not quote its content. */
export type FileText =
  { readonly kind: 'read'; readonly text: string } | { readonly kind: 'faulty'; readonly reason: string };

/** The files that a configuration refers to. Each is read once, so that all checks see the same text. */
export class Files {
  readonly #folder: string;
  readonly #readFile: ReadFile;
  readonly #modeOf: ModeOf;
  readonly #texts = new Map<string, FileText>();

  /** `folder` is the base of relative names. */
  constructor(folder: string, readFile: ReadFile = readUtf8, modeOf: ModeOf = modeOnDisk) {
    this.#folder = folder;
    this.#readFile = readFile;
    this.#modeOf = modeOf;
  }

  /** The absolute path of a file. */
  pathOf(name: string): string {
    return resolve(this.#folder, name);
  }

  /** The absolute path in quotes, never shortened, because the user must find the file. */
  quote(name: string): string {
    return quoteWhole(this.pathOf(name));
  }

  read(name: string): FileText {
    const path = this.pathOf(name);
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = tryToRead(path, this.#readFile);
    this.#texts.set(path, text);
    return text;
  }

  /** Returns the permissions of a file; undefined if they are meaningless or unavailable. */
  modeOf(name: string): number | undefined {
    return this.#modeOf(this.pathOf(name));
  }

  /** Returns the absolute paths of all files requested so far, including unreadable ones. */
  paths(): readonly string[] {
    return [...this.#texts.keys()];
  }
}

function tryToRead(path: string, readFile: ReadFile): FileText {
  try {
    return { kind: 'read', text: readFile(path) };
  } catch (error) {
    return { kind: 'faulty', reason: `cannot be read: ${reasonOf(error)}` };
  }
}

const readReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ERR_NO_FILES: 'files are not read for apps and endpoints that are added at run time',
};

/** Describes why a file could not be read: `there is no such file (ENOENT)`. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const reason = Object.hasOwn(readReasons, code) ? readReasons[code] : undefined;
  return reason === undefined ? code : `${reason} (${code})`;
}

/** Returns the code of an error. Unlike the message, it never contains untrusted text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/** Refuses to read: a client that may add an app to a running server must not read files of its machine. */
export const readNoFile: ReadFile = () => {
  throw Object.assign(new Error('no file is read'), { code: 'ERR_NO_FILES' });
};

/** On Windows, the mode does not show the permissions. */
function modeOnDisk(path: string): number | undefined {
  if (process.platform === 'win32') return undefined;
  return statSync(path, { throwIfNoEntry: false })?.mode;
}

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8');
}
