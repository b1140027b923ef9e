/** The header fields of a response that matter here, by lower-case name. Repeated fields are joined. */
export type AnswerFields = Readonly<Record<string, string | undefined>>;

/** Receives the parts of a response. */
export interface AnswerListener {
  /** The head of the final response has been received. */
  answered(status: number, fields: AnswerFields): void;
  /** A part of the body has been received. The bytes are valid only during the call. */
  received(chunk: Uint8Array): void;
}

/** The part of the response that is read next. */
type Part = 'head' | 'fixed' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-end' | 'done';

/** The maximum size of the head. Frameworks in debug mode send large ones. */
const mostHeadBytes = 64 * 1024;

/** The maximum size of a line of a chunk, and of all trailers together. */
const mostLineBytes = 16 * 1024;

const lineEnd = '\r\n';
const carriageReturn = 13;
const headEnd = '\r\n\r\n';
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |\r|$)/;
const beginning = Buffer.from('HTTP/1.');

/** The fields that show what answered and why. The record of an attempt contains them. */
export const recordedFields = [
  'content-type',
  'location',
  'retry-after',
  'server',
  'www-authenticate',
] as const;

/** The fields that are read; all others are ignored. */
const known: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  ...recordedFields,
]);

/**
 * Reads one response to a POST from the bytes of a connection, as specified by HTTP/1.1 (RFC 9112). Interim responses (1xx)
 * are skipped, except `101 Switching Protocols`, which no response can follow. A response that cannot be parsed ends the
 * reading with an error code of Node's own parser.
 */
export class AnswerReader {
  readonly #listener: AnswerListener;
  #part: Part = 'head';
  /** Received bytes that are not enough for the next step. */
  #held: Buffer | undefined;
  /** Bytes of the body, or of the current chunk, that are still missing. */
  #missing = 0;
  #trailerBytes = 0;
  #isReusable = false;
  #keepAlive: string | undefined;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** Whether the response is complete. */
  get isDone(): boolean {
    return this.#part === 'done';
  }

  /** Whether the connection can be reused once the response is complete. */
  get isReusable(): boolean {
    return this.#isReusable;
  }

  /** How long the endpoint keeps the connection open: the field `Keep-Alive`. */
  get keepAlive(): string | undefined {
    return this.#keepAlive;
  }

  /** Reads the next bytes. Returns an error code if they cannot be parsed. */
  read(bytes: Buffer): string | undefined {
    let rest = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = undefined;
    while (rest.length > 0 && this.#part !== 'done') {
      const step = this.#step(rest);
      if (typeof step === 'string') return step;
      if (step === 0) {
        // The buffer belongs to the connection and will be overwritten.
        this.#held = Buffer.from(rest);
        return undefined;
      }
      rest = rest.subarray(step);
    }
    // These bytes answer no request.
    if (rest.length > 0) this.#isReusable = false;
    return undefined;
  }

  /** The connection has ended. Returns whether that completes the response. */
  finish(): boolean {
    if (this.#part === 'until-end') this.#part = 'done';
    return this.#part === 'done';
  }

  /** Reads as much as it can use. Returns the number of bytes; 0 if it needs more; an error code if they cannot be parsed. */
  #step(bytes: Buffer): number | string {
    switch (this.#part) {
      case 'head':
        return this.#readHead(bytes);
      case 'fixed':
      case 'chunk':
        return this.#readBody(bytes);
      case 'until-end':
        this.#listener.received(bytes);
        return bytes.length;
      case 'chunk-size':
      case 'chunk-end':
      case 'trailers':
        return this.#readLine(bytes);
      case 'done':
        return bytes.length;
    }
  }

  #readHead(bytes: Buffer): number | string {
    const length = Math.min(bytes.length, beginning.length);
    if (bytes.compare(beginning, 0, length, 0, length) !== 0) return 'HPE_INVALID_CONSTANT';
    const end = bytes.indexOf(headEnd, 0, 'latin1');
    if (end < 0 ? bytes.length > mostHeadBytes : end > mostHeadBytes) return 'HPE_HEADER_OVERFLOW';
    if (end < 0) return 0;
    const head = bytes.toString('latin1', 0, end);
    const [, minor, code] = statusLine.exec(head) ?? [];
    if (code === undefined) return 'HPE_INVALID_STATUS';
    const status = Number(code);
    if (status === 101) return 'HPE_UNEXPECTED_UPGRADE';
    if (status >= 200) {
      const fields = readFields(head);
      if (fields === undefined) return 'HPE_INVALID_HEADER_TOKEN';
      const fault = this.#begin(status, fields, minor === '1');
      if (fault !== undefined) return fault;
      this.#listener.answered(status, fields);
    }
    return end + headEnd.length;
  }

  /** Determines how the body ends, and whether the connection can be reused. */
  #begin(status: number, fields: AnswerFields, isCurrent: boolean): string | undefined {
    const { connection, 'content-length': length, 'transfer-encoding': coding } = fields;
    this.#keepAlive = fields['keep-alive'];
    this.#isReusable = isCurrent && (connection === undefined || !/\bclose\b/i.test(connection));
    if (status === 204 || status === 304) {
      this.#part = 'done';
    } else if (coding !== undefined) {
      // Both fields together are a sign of response smuggling.
      if (length !== undefined) this.#isReusable = false;
      this.#part = /(?:^|,)\s*chunked\s*$/i.test(coding) ? 'chunk-size' : 'until-end';
    } else if (length === undefined) {
      this.#part = 'until-end';
    } else {
      const bytes = lengthIn(length);
      if (bytes === undefined) return 'HPE_INVALID_CONTENT_LENGTH';
      this.#missing = bytes;
      this.#part = this.#missing === 0 ? 'done' : 'fixed';
    }
    return undefined;
  }

  #readBody(bytes: Buffer): number {
    const size = Math.min(this.#missing, bytes.length);
    this.#missing -= size;
    if (this.#missing === 0) this.#part = this.#part === 'fixed' ? 'done' : 'chunk-end';
    this.#listener.received(bytes.subarray(0, size));
    return size;
  }

  #readLine(bytes: Buffer): number | string {
    if (this.#part === 'chunk-end' && bytes[0] !== carriageReturn) return 'HPE_STRICT';
    const end = bytes.indexOf(lineEnd, 0, 'latin1');
    if (end < 0) return bytes.length > mostLineBytes ? 'HPE_HEADER_OVERFLOW' : 0;
    const line = bytes.toString('latin1', 0, end);
    if (this.#part === 'chunk-size') {
      const [, size] = /^([\da-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
      if (size === undefined) return 'HPE_INVALID_CHUNK_SIZE';
      this.#missing = Number.parseInt(size, 16);
      this.#part = this.#missing === 0 ? 'trailers' : 'chunk';
    } else if (this.#part === 'chunk-end') {
      if (line !== '') return 'HPE_STRICT';
      this.#part = 'chunk-size';
    } else {
      if (line === '') this.#part = 'done';
      this.#trailerBytes += end;
      if (this.#trailerBytes > mostLineBytes) return 'HPE_HEADER_OVERFLOW';
    }
    return end + lineEnd.length;
  }
}

/** The length that a `Content-Length` declares. It may be repeated (RFC 9112, 6.3); undefined if it is not one number. */
function lengthIn(value: string): number | undefined {
  const [length = '', ...others] = new Set(value.split(',').map((item) => item.trim()));
  return others.length === 0 && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** The fields of a head that matter here; undefined if it is malformed. */
function readFields(head: string): AnswerFields | undefined {
  const fields: Record<string, string> = {};
  let last: string | undefined;
  for (let from = head.indexOf(lineEnd); from >= 0;) {
    const start = from + lineEnd.length;
    from = head.indexOf(lineEnd, start);
    const line = from < 0 ? head.slice(start) : head.slice(start, from);
    // HTTP/1.1 has deprecated lines that continue the previous one, but asks a client to accept them (RFC 9112, 5.2).
    if (line[0] === ' ' || line[0] === '\t') {
      if (last === undefined) return undefined;
      if (known.has(last)) fields[last] = `${fields[last]} ${line.trim()}`.trim();
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) return undefined;
    const name = line.slice(0, colon).toLowerCase();
    last = name;
    if (!known.has(name)) continue;
    const value = line.slice(colon + 1).trim();
    const before = fields[name];
    fields[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return fields;
}
