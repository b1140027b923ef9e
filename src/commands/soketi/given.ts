import { fieldOf, type JsonObject } from '../../config/json.ts';
import { isObject, parseJson } from '../../protocol/json-value.ts';
import { nearest } from '../../config/checks/nearest.ts';
import type { Env } from '../../config/environment.ts';
import { soketiVariables } from './variables.ts';

const prefix = 'SOKETI_';

/** The given configuration of soketi, and which parts of it have not been read yet. */
export class Given {
  readonly #tree: JsonObject;
  readonly #origins: ReadonlyMap<string, string>;
  /** One sentence for each variable that soketi does not know. */
  readonly unknownVariables: readonly string[];

  constructor(tree: JsonObject, origins: ReadonlyMap<string, string>, unknownVariables: readonly string[]) {
    this.#tree = tree;
    this.#origins = origins;
    this.unknownVariables = unknownVariables;
  }

  /** The value at a path such as `ssl.certPath`, which then counts as read; undefined if it is not given. */
  take(path: string): unknown {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const holder = keys.reduce<unknown>((value, key) => fieldOf(value, key), this.#tree);
    if (!isObject(holder)) return undefined;
    const value = fieldOf(holder, last);
    delete holder[last];
    return value === null || value === '' ? undefined : value;
  }

  /** Reads the value at a path if it equals this one. */
  takeIf(path: string, value: string): void {
    const found = path.split('.').reduce<unknown>((holder, key) => fieldOf(holder, key), this.#tree);
    if (found === value) this.take(path);
  }

  /** The paths that have not been read. */
  rest(): readonly string[] {
    return leavesOf(this.#tree, '');
  }

  /** The name of a path for a person: its environment variable, if it came from one. */
  nameOf(path: string): string {
    const variable = this.#origins.get(path);
    return variable === undefined ? path : `${variable} (${path})`;
  }
}

/** Merges the environment over the file, as soketi does. Keys of the file may be paths. */
export function readGiven(file: JsonObject, env: Env): Given {
  const tree: JsonObject = {};
  for (const [path, value] of Object.entries(file)) put(tree, path, structuredClone(value));
  const origins = new Map<string, string>();
  const unknown: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(prefix) || text === undefined || text === '') continue;
    const path = Object.hasOwn(soketiVariables, name.slice(prefix.length))
      ? soketiVariables[name.slice(prefix.length)]
      : undefined;
    if (path === undefined) {
      unknown.push(describeUnknown(name));
      continue;
    }
    put(tree, path, valueIn(text));
    origins.set(path, name);
  }
  return new Given(tree, origins, unknown);
}

/** Whether the environment contains any variable of soketi. */
export function hasSoketiVariables(env: Env): boolean {
  return Object.keys(env).some((name) => name.startsWith(prefix) && env[name] !== '');
}

function describeUnknown(name: string): string {
  const suggestion = nearest(name.slice(prefix.length), Object.keys(soketiVariables));
  const hint = suggestion === undefined ? '' : `; did you mean ${prefix}${suggestion}?`;
  return `${name}: soketi 1.6 has no such variable${hint}`;
}

/** Sets a value at a path, in which numbers are list indexes. Objects on both sides are merged. */
function put(tree: JsonObject, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let holder: Record<string, unknown> = tree;
  for (const key of keys) {
    const next = holder[key];
    const inner: Record<string, unknown> = isHolder(next) ? next : {};
    holder[key] = inner;
    holder = inner;
  }
  const earlier = holder[last];
  holder[last] = isObject(earlier) && isObject(value) ? merge(earlier, value) : value;
}

/** A list accepts indexes as an object accepts keys. */
function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function merge(earlier: JsonObject, later: JsonObject): JsonObject {
  for (const [key, value] of Object.entries(later)) put(earlier, key, value);
  return earlier;
}

/** Soketi parses values that are JSON, and treats the rest as text. */
function valueIn(text: string): unknown {
  const value = parseJson(text);
  return value === undefined ? text : value;
}

function leavesOf(value: unknown, path: string): readonly string[] {
  if (!isObject(value)) return value === null || value === '' ? [] : [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, path === '' ? key : `${path}.${key}`),
  );
}
