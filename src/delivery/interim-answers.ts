import type { Socket } from 'node:net';

type WriteDone = (error?: Error | null) => void;

/** `HTTP/1.1 100`: as much as it takes to see what an answer is. */
const statusBytes = 12;

/** No interim answer is longer. */
const mostHeadBytes = 16 * 1024;

const one = '1'.charCodeAt(0);
const endOfHead = '\r\n\r\n';

/**
 * Keeps interim answers from undici, which takes a `100 Continue` for the end of the connection. They are all passed over but
 * `101 Switching Protocols`, after which no answer follows. The socket must be used for one request at a time; `written` is
 * called when anything of one is written.
 */
export function passOverInterimAnswers(socket: Socket, written: () => void): void {
  const write = socket.write.bind(socket);
  const push = socket.push.bind(socket);
  /** A request was written, and its answer has not begun yet. */
  let isHeadDue = false;
  let held: Buffer | undefined;

  socket.write = (
    data: string | Uint8Array,
    encoding?: BufferEncoding | WriteDone,
    done?: WriteDone,
  ): boolean => {
    isHeadDue = true;
    written();
    return typeof encoding === 'string' ? write(data, encoding, done) : write(data, encoding ?? done);
  };
  socket.push = (chunk: Buffer | null): boolean => {
    if (!isHeadDue) return push(chunk);
    if (chunk === null) {
      if (held !== undefined) push(held);
      return push(null);
    }
    let rest = held === undefined ? chunk : Buffer.concat([held, chunk]);
    held = undefined;
    while (isInterim(rest)) {
      const end = rest.indexOf(endOfHead);
      if (end < 0) break;
      rest = rest.subarray(end + endOfHead.length);
    }
    if (rest.length < mostHeadBytes && (rest.length < statusBytes || isInterim(rest))) {
      held = rest;
      return true;
    }
    isHeadDue = false;
    return push(rest);
  };
}

function isInterim(bytes: Buffer): boolean {
  // Most answers are seen to be none without making a string of them.
  return bytes[9] === one && /^HTTP\/1\.1 1(?!01)\d\d/.test(bytes.toString('latin1', 0, statusBytes));
}
