import type { MaybePromise } from '../ports/maybe-promise.ts';
import { parseObject, type JsonObject } from '../protocol/decode.ts';
import { parseQuery, queryValue, type Query } from '../protocol/query.ts';
import { describeUnknown } from '../webhooks/given.ts';
import { invalidQuestion } from './operation-error.ts';
import type { Schema } from './schema.ts';

/** What an operation is asked. */
export interface Question {
  /** What the braces of the path stand for, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: JsonObject;
  /** Who asks, for the log. */
  readonly who: string;
  /** Whether the caller may see what is secret, and change things. */
  readonly isFull: boolean;
}

/** One operation of an API for people and scripts: what it does, and what its document says of it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With at most two parameters in braces. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** A POST that changes nothing and tells no secret: whoever may read may call it. */
  readonly isQuestion?: true;
  /** The parameters of the query, and what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Schema;
  readonly answer: Schema;
  /** The answer, as what becomes JSON; undefined is `{}`. Throws OperationErrors, or what the door knows. */
  run(question: Question): MaybePromise<unknown>;
}

/** A request to an operation. */
export interface OperationRequest {
  /** What the braces of the path stand for, in their order. */
  readonly values: readonly string[];
  readonly rawQuery: string;
  readonly body: Uint8Array;
  readonly who: string;
  readonly isFull: boolean;
}

/** The names in the braces of a path. */
export function parametersOf(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
}

/** Reads what was asked. Throws an OperationError when the body is no JSON object or has a field that nothing reads. */
export function readQuestion(
  { body: schema, query: known = {}, path }: Pick<Operation, 'body' | 'query' | 'path'>,
  { values, rawQuery, body: sent, who, isFull }: OperationRequest,
): Question {
  const query = parseQuery(rawQuery, true);
  refuseUnknown(
    `the query of ${path}`,
    query.map(([name]) => name),
    Object.keys(known),
  );
  const body = readBody(sent);
  const fields = schema === undefined ? {} : schema['properties'];
  if (typeof fields === 'object' && fields !== null) {
    refuseUnknown(`the body of ${path}`, Object.keys(body), Object.keys(fields));
  }
  const parameters = Object.fromEntries(parametersOf(path).map((name, index) => [name, values[index] ?? '']));
  return { parameters, query, body, who, isFull };
}

/** Nothing that is accepted is as deep; what is much deeper cannot be written again. */
const deepest = 64;

/** Whether objects and lists stand in each other too deep. Brackets in texts do not count. */
function isDeep(text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isInText) {
      if (character === '\\') index += 1;
      else if (character === '"') isInText = false;
    } else if (character === '"') isInText = true;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}

function readBody(sent: Uint8Array): JsonObject {
  const text = Buffer.from(sent).toString('utf8');
  if (isDeep(text)) throw invalidQuestion(`the body is nested deeper than ${deepest} objects and lists`);
  const body = text.trim() === '' ? {} : parseObject(text);
  if (body === undefined)
    throw invalidQuestion(`expected a JSON object as the body, got '${text.slice(0, 100)}'`);
  return body;
}

function refuseUnknown(where: string, given: Iterable<string>, accepted: readonly string[]): void {
  const unknown = describeUnknown(where, given, accepted);
  if (unknown !== undefined) throw invalidQuestion(unknown);
}

/** What a brace of the path stands for. */
export function parameterOf({ parameters }: Question, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new Error(`the path of the operation has no {${name}}`);
  return value;
}

/** A text of the query or body; undefined when it is absent. Throws when it is something else. */
export function textOf({ query, body }: Question, name: string): string | undefined {
  const value = body[name] ?? queryValue(query, name);
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw invalidQuestion(`${name}: expected a string, got ${JSON.stringify(value)}`);
}

/** The same for a number, which the query has as text. */
export function numberOf({ query, body }: Question, name: string): number | undefined {
  const value = body[name] ?? queryValue(query, name);
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw invalidQuestion(`${name}: expected a number, got ${JSON.stringify(value)}`);
}

/** The same for true and false, in a body. */
export function flagOf({ body }: Question, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalidQuestion(`${name}: expected true or false, got ${JSON.stringify(value)}`);
}
