import type { HttpRequest } from 'uWebSockets.js';
import { clip } from '../protocol/clip.ts';

/** The methods whose requests have no use for a body. */
const withoutBody: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The headers that are read from every request; a missing one is empty. All are read in one pass, because a look-up by name
 * costs as much as reading two headers here, and finds only the first of several equal ones.
 */
export class Head {
  origin = '';
  requestId = '';
  userAgent = '';
  /** The size of all names and values, in characters, each of which is a byte. */
  bytes = 0;
  /** Whether the client wants the connection closed after the response. The native library closes it immediately. */
  asksForEnd = false;
  #hosts = 0;
  #lengths = 0;
  #length = '';
  #codings = 0;
  #coding = '';

  /** Reads the request, which is valid only in its own turn. */
  constructor(req: HttpRequest) {
    req.forEach((name, value) => this.#note(name, value));
  }

  /** The declared length of the body; 0 if none is declared. */
  get contentLength(): number {
    return Number(this.#length);
  }

  /** Whether the body arrives in chunks. */
  get isChunked(): boolean {
    return this.#codings > 0;
  }

  /**
   * Why it is uncertain where this request ends, or for which host it is; undefined if it is certain. The native parser treats
   * every transfer coding as `chunked`, and uses the first of several equal headers. Behind a proxy that reads them differently,
   * a second request could be hidden in the body of the first (RFC 9112, 3.2, 6.1 and 6.3).
   */
  faultOf(method: string): string | undefined {
    if (this.#hosts > 1) return `expected one Host header, got ${this.#hosts}`;
    if (this.#codings > 0) return this.#codingFault(method);
    if (this.#lengths > 1) return `expected one Content-Length header, got ${this.#lengths}`;
    if (this.#lengths > 0 && this.#length === '') return 'expected a number as Content-Length, got nothing';
    return undefined;
  }

  #codingFault(method: string): string | undefined {
    if (this.#lengths > 0) return 'expected either Transfer-Encoding or Content-Length, got both';
    if (this.#codings > 1) return `expected one Transfer-Encoding header, got ${this.#codings}`;
    if (this.#coding.toLowerCase() !== 'chunked') {
      return `expected no Transfer-Encoding but 'chunked', got '${clip(this.#coding)}'`;
    }
    return withoutBody.has(method) ? `expected no Transfer-Encoding in a ${method} request` : undefined;
  }

  #note(name: string, value: string): void {
    this.bytes += name.length + value.length;
    switch (name) {
      case 'host':
        this.#hosts += 1;
        break;
      case 'content-length':
        this.#lengths += 1;
        this.#length ||= value;
        break;
      case 'transfer-encoding':
        this.#codings += 1;
        this.#coding = value;
        break;
      case 'connection':
        this.asksForEnd ||= value.toLowerCase() === 'close';
        break;
      case 'origin':
        this.origin ||= value;
        break;
      case 'x-request-id':
        this.requestId ||= value;
        break;
      case 'user-agent':
        this.userAgent ||= value;
        break;
    }
  }
}

/** All values of a header with this lower-case name, because a list may be spread over several headers. */
export function allValues(req: HttpRequest, name: string): string {
  const values: string[] = [];
  req.forEach((other, value) => {
    if (other === name) values.push(value);
  });
  return values.join(', ');
}
