import { parametersOf, type Operation } from './operation.ts';
import type { Schema } from './schema.ts';

/** What an OpenAPI document contains besides the operations. */
export interface ApiInfo {
  readonly title: string;
  readonly description: string;
  /** The prefix of each path. */
  readonly prefix: string;
  readonly hasToken: boolean;
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** The OpenAPI document of these operations. `schemas` must contain one named `Error`. */
export function describeApi(operations: readonly Operation[], info: ApiInfo): object {
  const { title, description, prefix, hasToken, schemas } = info;
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = prefix + operation.path;
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1', description },
    ...(hasToken && { security: [{ token: [] }] }),
    paths,
    components: {
      schemas,
      ...(hasToken && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function describeOperation({ id, summary, path, query = {}, body, answer }: Operation): object {
  const inPath = parametersOf(path).map((name) => ({
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
      200: { description: 'Success.', ...content(answer) },
      default: { description: 'The error.', ...content({ $ref: '#/components/schemas/Error' }) },
    },
  };
}
