import type { Caller } from '../auth/caller.ts';
import { refuseCaller } from './caller.ts';
import { EmulatorError, type EmulatorErrorCode } from './emulator-error.ts';
import { schemas } from './http-schemas.ts';
import { readQuestion, type Operation } from './operation.ts';

/** A request to the control API. */
export interface ControlRequest {
  /** What the path names, if it names something. */
  readonly appId: string;
  readonly rawQuery: string;
  readonly body: Uint8Array;
  readonly caller?: Caller;
}

/** Its answer. */
export interface ControlResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One route, in uWebSockets.js' form. */
export interface ControlRoute {
  readonly method: Operation['method'];
  readonly pattern: string;
  readonly readsCaller: true;
  handle(request: ControlRequest): Promise<ControlResponse>;
}

const statuses: Partial<Record<EmulatorErrorCode, number>> = {
  ERR_CONFIG_INVALID: 400,
  ERR_ARGUMENT_INVALID: 400,
  ERR_APP_UNKNOWN: 404,
  ERR_APP_EXISTS: 409,
  ERR_WEBHOOK_MISSING: 409,
  ERR_WEBHOOK_UNEXPECTED: 409,
  ERR_NOT_IDLE: 409,
};

/** The routes of the control API, for those who may ask (`caller.ts`). */
export function createControlRoutes(
  operations: readonly Operation[],
  token: string | undefined,
): readonly ControlRoute[] {
  const document = JSON.stringify(describeApi(operations, token !== undefined), null, 2);
  const routes = operations.map((operation) => createRoute(operation, token));
  const openapi: ControlRoute = {
    method: 'get',
    pattern: '/control/openapi.json',
    readsCaller: true,
    handle: async (request) => refuse(request, token) ?? json(200, document),
  };
  return [openapi, ...routes];
}

function createRoute(operation: Operation, token: string | undefined): ControlRoute {
  return {
    method: operation.method,
    pattern: operation.path.replace(/\{(\w+)\}/, ':$1'),
    readsCaller: true,
    async handle(request) {
      const refusal = refuse(request, token);
      if (refusal !== undefined) return refusal;
      try {
        const question = readQuestion(operation, { ...request, parameter: request.appId });
        return json(200, JSON.stringify((await operation.run(question)) ?? {}));
      } catch (error) {
        const status = error instanceof EmulatorError ? statuses[error.code] : undefined;
        if (!(error instanceof EmulatorError) || status === undefined) throw error;
        return fail(status, error.code, error.message);
      }
    },
  };
}

function refuse({ caller }: ControlRequest, token: string | undefined): ControlResponse | undefined {
  if (caller === undefined) throw new Error('a route that reads its caller was served without one');
  const refusal = refuseCaller(caller, token);
  return refusal && fail(refusal.status, refusal.code, refusal.message);
}

function json(status: number, body: string): ControlResponse {
  return { status, contentType: 'application/json', body };
}

function fail(status: number, code: string, message: string): ControlResponse {
  return json(status, JSON.stringify({ error: { code, message } }));
}

/** The OpenAPI document of these operations. */
function describeApi(operations: readonly Operation[], hasToken: boolean): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describeOperation(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Control API of soketify-emulator',
      version: '1',
      description:
        'Moves the clock, injects faults, and tells what was sent and why, for tests in any language.',
    },
    ...(hasToken && { security: [{ token: [] }] }),
    paths,
    components: {
      schemas,
      ...(hasToken && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function describeOperation({ id, summary, path, query = {}, body, answer }: Operation): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    name,
    in: 'query',
    description,
    schema: { type: 'string' },
  }));
  const content = (schema: object): object => ({ content: { 'application/json': { schema } } });
  return {
    operationId: id,
    summary,
    ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
    ...(body && { requestBody: content(body) }),
    responses: {
      200: { description: 'Done.', ...content(answer) },
      default: { description: 'Not done, and why.', ...content({ $ref: '#/components/schemas/Error' }) },
    },
  };
}
