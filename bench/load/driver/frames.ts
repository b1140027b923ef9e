/** The opcodes of RFC 6455 that the driver uses. */
export const Opcode = { Text: 0x1, Close: 0x8, Ping: 0x9, Pong: 0xa } as const;

/** Called for each complete frame. The payload is `bytes[start..end)` and is valid only during the call. */
export type FrameSink = (opcode: number, bytes: Buffer, start: number, end: number) => void;

const nothing = Buffer.alloc(0);

/**
 * Encodes a masked frame, as clients must. The mask is all zeros, which the protocol allows. It leaves
 * the payload as it is, so the driver spends no time on XOR.
 */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  if (size > 0xffff) throw new Error(`The driver sends frames of at most 65,535 bytes, got ${size}`);
  const headerSize = size < 126 ? 2 : 4;
  const frame = Buffer.alloc(headerSize + 4 + size);
  frame[0] = 0x80 | opcode;
  if (size < 126) {
    frame[1] = 0x80 | size;
  } else {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(size, 2);
  }
  payload.copy(frame, headerSize + 4);
  return frame;
}

/** Splits a server's byte stream into frames. Copies only the incomplete frame at the end of a chunk. */
export class FrameReader {
  readonly #sink: FrameSink;
  #rest: Buffer = nothing;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Reads the next bytes of the stream. The caller can reuse `chunk` afterwards. */
  read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 2 <= bytes.length) {
      let size = (bytes[at + 1] ?? 0) & 0x7f;
      let start = at + 2;
      if (size === 126) {
        if (start + 2 > bytes.length) break;
        size = bytes.readUInt16BE(start);
        start += 2;
      } else if (size === 127) {
        if (start + 8 > bytes.length) break;
        size = Number(bytes.readBigUInt64BE(start));
        start += 8;
      }
      const end = start + size;
      if (end > bytes.length) break;
      this.#sink((bytes[at] ?? 0) & 0x0f, bytes, start, end);
      at = end;
    }
    this.#rest = at === bytes.length ? nothing : Buffer.from(bytes.subarray(at));
  }
}
