import { describe, expect, test } from 'vitest';
import { decode } from '../../../src/protocol/decode.ts';
import { notRebuilt } from '../../support/unit/not-rebuilt.ts';
import { vectors } from '../../support/unit/vectors.ts';

interface FrameIn {
  readonly source: string;
  readonly title: string;
  readonly text: string;
  readonly command: object;
}

describe('a frame from a client', () => {
  test.each(vectors('frames-in') as FrameIn[])('is read: $title ($source)', ({ text, command }) => {
    // Through JSON, because an absent value and an undefined one are the same to the vectors.
    expect(JSON.parse(JSON.stringify(decode(text)))).toEqual(command);
  });

  test.each(notRebuilt)('D9: a client event with %s has the very text', (source) => {
    const text = `{"data":0,"event":"client-a", "d\\u0061ta" :\t${source} ,"channel":"private-a","rest":{"data":1}}`;
    expect(decode(text)).toEqual({
      kind: 'client-event',
      event: 'client-a',
      channel: 'private-a',
      data: source,
    });
  });

  test('R13: nested however deeply is text like any other', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(decode(`{"event":"client-a","channel":"private-a","data":${deep}}`)).toMatchObject({ data: deep });
  });

  test('an unknown event is named in the error at a readable length', () => {
    const command = decode(JSON.stringify({ event: 'x'.repeat(100_000) }));
    expect(command).toMatchObject({ kind: 'invalid' });
    expect(JSON.stringify(command).length).toBeLessThan(500);
  });
});
