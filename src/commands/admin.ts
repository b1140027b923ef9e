import type { IncomingMessage } from 'node:http';
import { fieldOf, itemsOf, type JsonObject } from '../config/json.ts';
import { isObject, parseJson } from '../protocol/json-value.ts';
import { variables } from '../config/environment.ts';
import {
  ask,
  describeUnreachable,
  open,
  unreachable,
  type RequestOutcome,
  type Unreachable,
} from './http.ts';
import { pathPart } from '../protocol/path-name.ts';
import { excerpt, printable } from './printable.ts';
import type { Target } from './server-target.ts';

/** A failed request to the admin API. The message states why it failed and what to do. */
export class AdminError extends Error {
  /** The error code of the response, such as `ERR_APP_UNKNOWN`; undefined if there is none. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** Query parameters; undefined values are left out. */
export type QueryOptions = Readonly<Record<string, string | number | undefined>>;

/** A client of the admin API. It throws an AdminError when a request fails. */
export class Admin {
  readonly target: Target;
  readonly #timeoutMs: number;

  constructor(target: Target, timeoutMs: number) {
    this.target = target;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a GET request. If the path is a list, its parts are encoded. */
  get<T>(path: string, query: QueryOptions = {}): Promise<T> {
    return this.#ask('GET', path, query);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#ask('POST', path, {}, body);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.#ask('PUT', path, {}, body);
  }

  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path, {}, {});
  }

  /**
   * Opens the live stream, within the time for an answer. `lastEventId` is the number of the last row that was seen. The body of the
   * response is not read yet; the signal ends it.
   */
  async stream(
    query: QueryOptions,
    lastEventId: number | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const url = this.#urlOf('/stream', query);
    const headers = {
      ...this.#headers(),
      ...(lastEventId !== undefined && { 'Last-Event-ID': String(lastEventId) }),
    };
    const { verifiesCertificate } = this.target;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#timeoutMs);
    let answer: IncomingMessage;
    try {
      const ends = AbortSignal.any([signal, late.signal]);
      answer = await open({ method: 'GET', url, headers, verifiesCertificate }, ends);
    } catch (error) {
      throw late.signal.aborted ? this.#notAnswered(this.#timeoutMs) : this.#notReached(unreachable(error));
    } finally {
      clearTimeout(timer);
    }
    if (answer.statusCode === 200) return answer;
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += String(part);
    throw this.#refused(answer.statusCode ?? 0, text);
  }

  async #ask<T>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    query: QueryOptions,
    body?: object,
  ): Promise<T> {
    const outcome: RequestOutcome = await ask({
      method,
      url: this.#urlOf(path, query),
      headers: { ...this.#headers(), ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: Buffer.from(JSON.stringify(body)) }),
      verifiesCertificate: this.target.verifiesCertificate,
      timeoutMs: this.#timeoutMs,
    });
    switch (outcome.kind) {
      case 'timeout':
        throw this.#notAnswered(outcome.elapsedMs);
      case 'unreachable':
        throw this.#notReached(outcome);
      case 'answered': {
        const answer = viewIn<T>(outcome.text);
        if (outcome.status >= 200 && outcome.status < 300 && answer !== undefined) return answer;
        throw this.#refused(outcome.status, outcome.text);
      }
    }
  }

  #urlOf(path: string, query: QueryOptions): URL {
    const url = new URL(`${this.target.url}/admin${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #headers(): Record<string, string> {
    const { token } = this.target;
    return token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  #notAnswered(elapsedMs: number): AdminError {
    return new AdminError(
      `no answer from ${this.target.url} within ${elapsedMs} ms; --timeout-ms gives it longer`,
    );
  }

  #notReached(outcome: Unreachable): AdminError {
    const hint =
      outcome.code === 'ECONNREFUSED' || outcome.code === 'ENOTFOUND'
        ? `\nIs the server running? Use --url, ${variables.url} or --config for another address.`
        : '';
    return new AdminError(`cannot reach ${this.target.url}: ${describeUnreachable(outcome)}${hint}`);
  }

  #refused(status: number, text: string): AdminError {
    const error = fieldOf(parse(text), 'error');
    if (!isObject(error)) return new AdminError(this.#describeForeignAnswer(status, text));
    const code = String(error['code']);
    const said = String(error['message']);
    // The message of a single fault already contains it.
    const faults = itemsOf(error['faults'])
      .map((fault) => `${String(fieldOf(fault, 'path'))}: ${String(fieldOf(fault, 'message'))}`)
      .filter((fault) => !said.includes(fault))
      .map((fault) => `\n  ${printable(fault)}`);
    // The search of the command line is a parameter of the request.
    const message = `${printable(said.replace(/^q: /, '--search: '))} (${code})${faults.join('')}`;
    return new AdminError(`${message}${this.#adviceOn(code)}`, code);
  }

  /** What to do, for errors whose message from the server does not mention the command line. */
  #adviceOn(code: string): string {
    const { token, tokenOrigin } = this.target;
    const ways = `--token, --token-file, ${variables.dashboardToken} or --config`;
    switch (code) {
      case 'ERR_TOKEN':
        return token === undefined
          ? `\nThe server needs a token: give it with ${ways}.`
          : `\nThe token from ${tokenOrigin} is wrong: give another with ${ways}.`;
      case 'ERR_ROLE':
        return `\nThe token from ${tokenOrigin} is for viewing only: give dashboard.token with ${ways}.`;
      default:
        return '';
    }
  }

  /** Something other than an admin API responded. */
  #describeForeignAnswer(status: number, text: string): string {
    const { url } = this.target;
    if (status === 404) {
      return `no admin API is served at ${url}: it answered 404. In production, and on addresses other than loopback, the server serves it only with a token (dashboard.token, ${variables.dashboardToken}). It may also have its own port (dashboard.port)`;
    }
    return `the answer from ${url} is not from an admin API: ${status} ${excerpt(text, 200)}`;
  }
}

/** A path of the admin API; the values are encoded. */
export function pathOf(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: strings }, ...values.map(pathPart));
}

/** Parses a JSON response; undefined if the text is not JSON. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the same as of a response
export function viewIn<T>(text: string): T | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server returns the view that the caller names
  return parse(text) as T | undefined;
}

function parse(text: string): JsonObject | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}
