import type { HttpRequest } from 'uWebSockets.js';
import { clip } from '../protocol/clip.ts';

/**
 * What is read of every request's headers; one that did not come is empty. All are read in one pass, because a look-up
 * by name costs as much as two headers do here, and finds only the first of several equal ones.
 */
export class Head {
  origin = '';
  requestId = '';
  userAgent = '';
  /** All names and values together, in characters, each of which is a byte. */
  bytes = 0;
  /** The client wants the connection closed after the answer; the native side does so at once. */
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

  /**
   * Why it is not certain where this request ends, or whom it is for; undefined if it is. The native parser takes
   * every transfer coding for `chunked`, and of several equal headers the first. Behind a proxy that reads them in
   * another way, somebody could hide a second request in the body of the first (RFC 9112, 3.2, 6.1 and 6.3).
   */
  get fault(): string | undefined {
    if (this.#hosts > 1) return `expected one Host header, got ${this.#hosts}`;
    if (this.#codings > 0) return this.#codingFault();
    if (this.#lengths > 1) return `expected one Content-Length header, got ${this.#lengths}`;
    if (this.#lengths > 0 && this.#length === '') return 'expected a number as Content-Length, got nothing';
    return undefined;
  }

  #codingFault(): string | undefined {
    if (this.#lengths > 0) return 'expected either Transfer-Encoding or Content-Length, got both';
    if (this.#codings > 1) return `expected one Transfer-Encoding header, got ${this.#codings}`;
    if (this.#coding.toLowerCase() === 'chunked') return undefined;
    return `expected no Transfer-Encoding but 'chunked', got '${clip(this.#coding)}'`;
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

/** All that came under one name, in lower case: a list that may be spread over several headers. */
export function allValues(req: HttpRequest, name: string): string {
  const values: string[] = [];
  req.forEach((other, value) => {
    if (other === name) values.push(value);
  });
  return values.join(', ');
}
