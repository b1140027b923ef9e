import { describe, expect, test } from 'vitest';
import { decode } from '../../../src/protocol/decode.ts';
import { invalidMessageFormat } from '../../../src/protocol/errors.ts';
import { vectors } from '../../support/unit/vectors.ts';

interface FrameIn {
  readonly source: string;
  readonly title: string;
  readonly text: string;
  readonly command: object;
}

/** The reason is for metrics and logs, and not the protocol's. */
function withoutReason(command: unknown): unknown {
  return JSON.parse(JSON.stringify(command, (key, value: unknown) => (key === 'reason' ? undefined : value)));
}

describe('a frame from a client', () => {
  test.each(vectors('frames-in') as FrameIn[])('is read: $title ($source)', ({ text, command }) => {
    // Through JSON, because an absent value and an undefined one are the same to the vectors.
    expect(withoutReason(decode(text))).toEqual(command);
  });

  test('R13: nested too deeply to be written again is refused, not fatal', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(decode(`{"event":"client-a","channel":"private-a","data":${deep}}`)).toEqual({
      kind: 'invalid',
      error: invalidMessageFormat,
    });
  });

  test('an unknown event is named in the error at a readable length', () => {
    const command = decode(JSON.stringify({ event: 'x'.repeat(100_000) }));
    expect(command).toMatchObject({ kind: 'invalid' });
    expect(JSON.stringify(command).length).toBeLessThan(500);
  });
});
