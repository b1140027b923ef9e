import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader, Opcode } from '../../../bench/load/driver/frames.ts';

describe('the frames of the load driver', () => {
  /** As a server sends it: without the mask bit and the four bytes of the mask. */
  function unmasked(payload: string): Buffer {
    const frame = encodeFrame(Opcode.Text, Buffer.from(payload));
    const headerSize = payload.length < 126 ? 2 : 4;
    frame[1] = (frame[1] ?? 0) & 0x7f;
    return Buffer.concat([frame.subarray(0, headerSize), frame.subarray(headerSize + 4)]);
  }

  function readIn(pieces: readonly Buffer[]): string[] {
    const texts: string[] = [];
    const reader = new FrameReader((_, bytes, start, end) => texts.push(bytes.toString('utf8', start, end)));
    for (const piece of pieces) reader.read(piece);
    return texts;
  }

  test.each([1, 2, 3, 7, 130])('are found in a stream that arrives in chunks of %d bytes', (size) => {
    const texts = ['', 'a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(70)];
    const stream = Buffer.concat(texts.map(unmasked));
    const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
      stream.subarray(i * size, (i + 1) * size),
    );
    expect(readIn(pieces)).toEqual(texts);
  });

  test('carry a mask, as a client must send it', () => {
    const frame = encodeFrame(Opcode.Text, Buffer.from('hello'));
    expect(frame.toString('hex')).toBe(`818500000000${Buffer.from('hello').toString('hex')}`);
  });

  test('of more than 65,535 bytes are rejected', () => {
    expect(() => encodeFrame(Opcode.Text, Buffer.alloc(65_536))).toThrow('at most 65,535 bytes, got 65536');
  });
});
