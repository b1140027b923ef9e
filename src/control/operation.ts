import type { MaybePromise } from '../ports/maybe-promise.ts';
import { parseObject, type JsonObject } from '../protocol/decode.ts';
import { parseQuery, queryValue, type Query } from '../protocol/query.ts';
import { invalidArgument, refuseUnknown } from './emulator-error.ts';
import type { Schema } from './http-schemas.ts';
import type { Stand } from './stand.ts';

/** What an operation is asked. */
export interface Question {
  /** What the path names, if it names something. */
  readonly parameter: string;
  readonly query: Query;
  readonly body: JsonObject;
}

/** One operation of the control API: what it does, and what its document says of it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  /** With a parameter in braces, if it has one. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  /** The parameters of the query, and what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Schema;
  readonly answer: Schema;
  /** The answer, as what becomes JSON; undefined is `{}`. Throws EmulatorErrors. */
  run(question: Question): MaybePromise<unknown>;
}

/** Reads what was asked. Throws an EmulatorError when the body is no JSON object or has a field that nothing reads. */
export function readQuestion(
  { body: schema, query: known = {}, path }: Pick<Operation, 'body' | 'query' | 'path'>,
  request: { readonly parameter: string; readonly rawQuery: string; readonly body: Uint8Array },
): Question {
  const query = parseQuery(request.rawQuery, true);
  refuseUnknown(
    `the query of ${path}`,
    query.map(([name]) => name),
    Object.keys(known),
  );
  const sent = Buffer.from(request.body).toString('utf8');
  const body = sent.trim() === '' ? {} : parseObject(sent);
  if (body === undefined)
    throw invalidArgument(`expected a JSON object as the body, got '${sent.slice(0, 100)}'`);
  const fields = schema?.['properties'];
  if (typeof fields === 'object' && fields !== null) {
    refuseUnknown(`the body of ${path}`, Object.keys(body), Object.keys(fields));
  }
  return { parameter: request.parameter, query, body };
}

/** A text of the query or body; undefined when it is absent. Throws when it is something else. */
export function textOf({ query, body }: Question, name: string): string | undefined {
  const value = body[name] ?? queryValue(query, name);
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw invalidArgument(`${name}: expected a string, got ${JSON.stringify(value)}`);
}

/** The same for a number, which the query has as text. */
export function numberOf({ query, body }: Question, name: string): number | undefined {
  const value = body[name] ?? queryValue(query, name);
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw invalidArgument(`${name}: expected a number, got ${JSON.stringify(value)}`);
}

/** The same for true and false, in a body. */
export function flagOf({ body }: Question, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalidArgument(`${name}: expected true or false, got ${JSON.stringify(value)}`);
}

/** The app that is meant; undefined is all. Throws when there is no such app. */
export function knownApp(stand: Stand, question: Question): string | undefined {
  const appId = textOf(question, 'app');
  if (appId !== undefined) stand.app(appId);
  return appId;
}
