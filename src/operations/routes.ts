import { OperationError, type FieldFault } from './operation-error.ts';
import type { ParsedObject } from '../protocol/decode.ts';
import { nameInPath } from '../protocol/path-name.ts';
import { parametersOf, readQuestion, Unchanged, type Operation, type OperationRequest } from './operation.ts';

/** A request before its body is read. `C` is the type of the caller. */
export interface RoutedHead<C> {
  /** The first and the second path parameter. */
  readonly appId: string;
  readonly name: string;
  readonly rawQuery: string;
  readonly caller?: C;
}

/** A request whose body has been read. */
interface RoutedRequest {
  readonly body: Uint8Array;
  /** Aborted when the caller disconnects, for operations that end then. */
  readonly gone?: AbortSignal;
}

/** The response. */
export interface RoutedResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The reason of a refusal, for the log. */
  readonly reason?: string;
}

/** Handles a request after its body was received. */
type Handle = (request: RoutedRequest) => Promise<RoutedResponse>;

/** One route, in the form of uWebSockets.js. Callers without access are refused before the body is read. */
export interface OperationRoute<C> {
  readonly method: Operation['method'];
  readonly pattern: string;
  readonly readsCaller: true;
  readonly endsWithClient?: true;
  begin(head: RoutedHead<C>): RoutedResponse | Handle;
}

/** Why a request failed. */
export interface OperationFailure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly faults?: readonly FieldFault[] | undefined;
  /** Further headers of the response. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A caller that was admitted. */
export interface Admitted {
  /** The caller, for the log. */
  readonly who: string;
  /** Whether the caller may see secrets and make changes. */
  readonly isFull: boolean;
}

/** One entry point to operations: its prefix, its access control, and its headers. */
export interface OperationEntryPoint<C> {
  /** The prefix of each path. */
  readonly prefix: string;
  /** Admits the caller, or returns why not. */
  admit(caller: C, operation: Operation): Admitted | OperationFailure;
  /** Converts an error that an operation threw. Undefined means that the error is a bug. */
  failureOf(error: unknown): OperationFailure | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called after each change. */
  readonly changed?: (admitted: Admitted, operation: Operation, change: OperationChange) => void;
}

/** A change that was made. */
export interface OperationChange {
  /** The values of the path parameters in their order. */
  readonly values: readonly string[];
  readonly body: ParsedObject;
  readonly answer: unknown;
}

/** Creates a route for each operation. */
export function createOperationRoutes<C>(
  operations: readonly Operation[],
  entry: OperationEntryPoint<C>,
): readonly OperationRoute<C>[] {
  return operations.map((operation) => createRoute(operation, entry));
}

/** Creates a GET route that always returns the same document. The document is created on the first request. */
export function createDocumentRoute<C>(
  path: string,
  describe: () => object,
  entry: OperationEntryPoint<C>,
): OperationRoute<C> {
  let text: string | undefined;
  const operation = {
    method: 'get',
    path,
    id: 'document',
    summary: '',
    answer: {},
    run: () => ({}),
  } as const;
  return {
    method: 'get',
    pattern: entry.prefix + path,
    readsCaller: true,
    begin({ caller }) {
      const admitted = entry.admit(callerOf(caller), operation);
      return isFailure(admitted)
        ? fail(admitted, entry)
        : answer(200, (text ??= JSON.stringify(describe(), null, 2)), entry);
    },
  };
}

function createRoute<C>(operation: Operation, entry: OperationEntryPoint<C>): OperationRoute<C> {
  return {
    method: operation.method,
    pattern: entry.prefix + operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    readsCaller: true,
    ...(operation.endsWithCaller && { endsWithClient: true }),
    begin({ appId, name, rawQuery, caller }) {
      const admitted = entry.admit(callerOf(caller), operation);
      if (isFailure(admitted)) return fail(admitted, entry);
      const values = [appId, name].slice(0, parametersOf(operation.path).length).map(nameInPath);
      return ({ body, gone }) =>
        run(operation, entry, admitted, { values, rawQuery, body, ...(gone && { gone }) });
    },
  };
}

async function run<C>(
  operation: Operation,
  entry: OperationEntryPoint<C>,
  admitted: Admitted,
  asked: Pick<OperationRequest, 'values' | 'rawQuery' | 'body' | 'gone'>,
): Promise<RoutedResponse> {
  try {
    const question = readQuestion(operation, { ...asked, ...admitted });
    const result = await operation.run(question);
    const isUnchanged = result instanceof Unchanged;
    const done = (isUnchanged ? result.answer : result) ?? {};
    if (operation.method !== 'get' && operation.isQuestion !== true && !isUnchanged) {
      entry.changed?.(admitted, operation, { values: asked.values, body: question.body, answer: done });
    }
    return answer(200, JSON.stringify(done), entry);
  } catch (error) {
    const failure = error instanceof OperationError ? error : entry.failureOf(error);
    if (failure === undefined) throw error;
    return fail(failure, entry);
  }
}

function callerOf<C>(caller: C | undefined): C {
  if (caller === undefined) throw new Error('a route that reads its caller was served without one');
  return caller;
}

function isFailure(admitted: Admitted | OperationFailure): admitted is OperationFailure {
  return 'status' in admitted;
}

function answer<C>(
  status: number,
  body: string,
  { headers }: Pick<OperationEntryPoint<C>, 'headers'>,
): RoutedResponse {
  return { status, contentType: 'application/json', body, ...(headers && { headers }) };
}

function fail<C>(
  { status, code, message, faults, headers }: OperationFailure,
  entry: OperationEntryPoint<C>,
): RoutedResponse {
  const body = JSON.stringify({ error: { code, message, ...(faults && { faults }) } });
  const further = headers === undefined ? entry : { headers: { ...entry.headers, ...headers } };
  return { ...answer(status, body, further), reason: message };
}
