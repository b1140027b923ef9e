import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { request } from 'undici';
import { expect } from 'vitest';
import type { ServerOverrides } from '../../../src/node/overrides.ts';
import type { Server } from '../../../src/node/server.ts';
import { startServer, type Given } from './server.ts';

export const token = 'a-token-of-24-characters';
export const viewToken = 'another-token-to-look-at';

/** What the page of the Dashboard sends with each request. */
export const samePage = { 'sec-fetch-site': 'same-origin' } as const;

export type Headers = Readonly<Record<string, string>>;
type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';

/** The headers and the body of a request. */
export interface RequestParts {
  readonly headers?: Headers;
  /** Text is sent unchanged, any other value as JSON with its content type. */
  readonly body?: unknown;
}

/** A response whose body was read. `json` is undefined if the body is not JSON. */
export interface AdminResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: unknown;
}

/** Sends one request. */
export async function ask(
  { port }: { readonly port: number },
  method: Method,
  path: string,
  { headers = {}, body }: RequestParts = {},
): Promise<AdminResponse> {
  const isJson = body !== undefined && typeof body !== 'string';
  const { statusCode, ...answer } = await request(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : body }),
  });
  const text = await answer.body.text();
  return { status: statusCode, headers: answer.headers, text, json: jsonIn(text) };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The parameters of a call. `of` has the values for the braces in the path. */
export interface Call {
  readonly of?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Headers;
  /** Calls the API as the page of the Dashboard does, instead of as a program. */
  readonly isPage?: boolean;
}

/** One operation of the document. */
export interface Described {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly hasBody: boolean;
}

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, keywords: ['components'] });

/** The validators of each document, kept for all tests, because compiling takes longer than most of them. */
const validators = new Map<string, Map<string, ValidateFunction>>();

/** A server with its admin API, and the content of its document. */
export class Admin {
  readonly server: Server;
  readonly document: ApiDocument;
  readonly #validators: Map<string, ValidateFunction>;
  readonly #headers: Headers;

  private constructor(server: Server, text: string, headers: Headers) {
    this.server = server;
    this.document = JSON.parse(text) as ApiDocument;
    this.#validators = validators.get(text) ?? new Map<string, ValidateFunction>();
    validators.set(text, this.#validators);
    this.#headers = headers;
  }

  /** Every call has these headers besides its own. */
  static async of(server: Server, headers: Headers = {}): Promise<Admin> {
    const { text } = await ask(portOf(server), 'GET', '/admin/openapi.json', { headers });
    return new Admin(server, text, headers);
  }

  static async start(
    given: Given = {},
    overrides: ServerOverrides = {},
    headers: Headers = {},
  ): Promise<Admin> {
    return Admin.of(await startServer(given, overrides), headers);
  }

  get port(): number {
    return portOf(this.server).port;
  }

  /** Every operation of the document. */
  get operations(): readonly Described[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, requestBody }]) => ({
        id: operationId,
        method: method.toUpperCase() as Method,
        path,
        hasBody: requestBody !== undefined,
      })),
    );
  }

  /** Calls an operation. Its response must conform to the document. */
  async call(
    id: string,
    { of = {}, query, body, headers = {}, isPage = false }: Call = {},
  ): Promise<AdminResponse> {
    const operation = this.operations.find((one) => one.id === id);
    if (operation === undefined) throw new Error(`the document has no operation ${id}`);
    const { method } = operation;
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      return encodeURIComponent(of[name] ?? '');
    });
    const target = isPage ? path.replace('/admin/', '/dashboard/api/') : path;
    const response = await ask(this, method, `${target}${query ? `?${asQuery(query)}` : ''}`, {
      headers: { ...this.#headers, ...(isPage && samePage), ...headers },
      ...(method !== 'GET' && { body: body ?? {} }),
    });
    expect(
      this.faultsOf(id, response),
      `${id} was answered ${response.status} ${response.text.slice(0, 500)}`,
    ).toEqual([]);
    return response;
  }

  /** Calls an operation that must succeed, and returns the body of its response. */
  async get<View>(id: string, call: Call = {}): Promise<View> {
    const { status, text, json } = await this.call(id, call);
    if (status !== 200) throw new Error(`${id} was answered ${status} ${text}`);
    return json as View;
  }

  /** How a response differs from the document. */
  faultsOf(id: string, { status, json }: AdminResponse): readonly string[] {
    const described = Object.values(this.document.paths)
      .flatMap((methods) => Object.values(methods))
      .find(({ operationId }) => operationId === id);
    if (described === undefined) return [`there is no operation ${id}`];
    const { content } = described.responses[status === 200 ? 200 : 'default'];
    const schema = content['application/json']?.schema;
    if (schema === undefined) return [`the document does not describe the response of ${id}`];
    const key = `${id} ${status === 200}`;
    const validate =
      this.#validators.get(key) ?? ajv.compile({ components: this.document.components, ...schema });
    this.#validators.set(key, validate);
    if (validate(json)) return [];
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  }
}

interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: object;
}

interface DescribedOperation {
  readonly operationId: string;
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<200 | 'default', { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

function portOf({ port, dashboardPort }: Server): { readonly port: number } {
  return { port: dashboardPort ?? port };
}

function asQuery(query: NonNullable<Call['query']>): string {
  return new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}
