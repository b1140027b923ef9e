import type { MaybePromise } from '../ports/maybe-promise.ts';
import { parseObject, type ParsedObject } from '../protocol/decode.ts';
import { parseQuery, queryValue, type Query } from '../protocol/query.ts';
import { describeUnknownField } from '../protocol/unknown-field.ts';
import { invalidQuestion } from './operation-error.ts';
import type { Schema } from './schema.ts';

/** A request to an operation after it was parsed. */
export interface Question {
  /** The values of the path parameters by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: ParsedObject;
  /** The caller, for the log. */
  readonly who: string;
  /** Whether the caller may see secrets and make changes. */
  readonly isFull: boolean;
  /** Aborted when the caller disconnects, if the operation `endsWithCaller`. */
  readonly gone?: AbortSignal;
}

/** One operation of an API: its implementation and its documentation. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** The path, with at most two parameters in braces. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** A POST that changes nothing and reveals no secret. Read-only callers may make it. */
  readonly isQuestion?: true;
  /** Whether it must end when the caller disconnects. */
  readonly endsWithCaller?: true;
  /** The query parameters with their descriptions. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Schema;
  readonly answer: Schema;
  /** Returns the answer as a value for JSON, maybe as `Unchanged`; undefined becomes `{}`. Throws an `OperationError`, or an error that the entry knows. */
  run(question: Question): MaybePromise<unknown>;
}

/** The answer of an operation that found nothing to change, so that it is not reported as a change. */
export class Unchanged {
  readonly answer: unknown;

  constructor(answer: unknown) {
    this.answer = answer;
  }
}

/** A request to an operation before it is parsed. */
export interface OperationRequest {
  /** The values of the path parameters in their order. */
  readonly values: readonly string[];
  readonly rawQuery: string;
  readonly body: Uint8Array;
  readonly who: string;
  readonly isFull: boolean;
  readonly gone?: AbortSignal;
}

/** The names of the parameters of a path. */
export function parametersOf(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
}

/** Parses a request. Throws an OperationError if the body is not a JSON object, or if a field or parameter is unknown. */
export function readQuestion(
  { body: schema, query: known = {}, path }: Pick<Operation, 'body' | 'query' | 'path'>,
  { values, rawQuery, body: sent, who, isFull, gone }: OperationRequest,
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
  return { parameters, query, body, who, isFull, ...(gone && { gone }) };
}

/** The deepest nesting. No valid body is as deep, and a much deeper one could not be serialized again. */
const deepest = 64;

/** Whether objects and arrays are nested too deeply. Brackets in strings do not count. */
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

function readBody(sent: Uint8Array): ParsedObject {
  const text = Buffer.from(sent).toString('utf8');
  if (isDeep(text)) throw invalidQuestion(`the body is nested deeper than ${deepest} objects and arrays`);
  const body = text.trim() === '' ? {} : parseObject(text);
  if (body === undefined)
    throw invalidQuestion(`expected a JSON object as the body, got '${text.slice(0, 100)}'`);
  return body;
}

function refuseUnknown(where: string, given: Iterable<string>, accepted: readonly string[]): void {
  const unknown = describeUnknownField(where, given, accepted);
  if (unknown !== undefined) throw invalidQuestion(unknown);
}

/** The value of a path parameter. */
export function parameterOf({ parameters }: Question, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new Error(`the path of the operation has no {${name}}`);
  return value;
}

/** A string of the query or body, or undefined if it is absent. Throws if it is of another type. */
export function textOf({ query, body }: Question, name: string): string | undefined {
  const value = body[name] ?? queryValue(query, name);
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw invalidQuestion(`${name}: expected a string, got ${JSON.stringify(value)}`);
}

/** The same for a number. In the query it is text. */
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
