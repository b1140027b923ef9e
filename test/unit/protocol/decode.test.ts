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

/** The reason is for metrics and logs, and not part of the protocol. */
function withoutReason(command: unknown): unknown {
  return JSON.parse(JSON.stringify(command, (key, value: unknown) => (key === 'reason' ? undefined : value)));
}

describe('a frame from a client', () => {
  test.each(vectors('frames-in') as FrameIn[])('is read: $title ($source)', ({ text, command }) => {
    // Through JSON, because the vectors do not distinguish absent and undefined values.
    expect(withoutReason(decode(text))).toEqual(command);
  });

  test.each(notRebuilt)('a client event with %s keeps exactly that text, wherever it is', (source) => {
    const command = { kind: 'client-event', event: 'client-a', channel: 'private-a', data: source };
    const [event, channel] = ['"event":"client-a"', '"channel":"private-a"'];
    for (const text of [
      `{${event},"data":${source},${channel}}`,
      `{${event},${channel},"data": ${source} }`,
      `{${event},${channel},"data":{"a":0},"data":${source}}`,
      `{${event},"data":0,${channel},"data":${source}}`,
      `{"data":0,${channel},"d\\u0061ta" :\t${source} ,${event},"rest":{"data":1}}`,
    ]) {
      expect(decode(text)).toEqual(command);
    }
  });

  test.each([
    '{"event":"client-a","data":1,"channel":"}',
    '{"event":"client-a","channel":"b","data":1]',
    '{"event":"client-a","data":1,"channel":"b"}}',
    '{"event":"client-a","data":1,"channel":"b"}x',
    '{"event":"client-a","data":1',
    '{"event":"client-a","channel":"b","data":}',
    '{"event":"client-a","data":1,"channel":"a\nb"}',
    '{"event":"client-a","data":[1,"channel":"b"}',
  ])('that is almost a client event is malformed: %s', (text) => {
    expect(decode(text)).toMatchObject({ kind: 'invalid' });
  });

  test('with deep nesting is text like any other', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(decode(`{"event":"client-a","channel":"private-a","data":${deep}}`)).toMatchObject({ data: deep });
  });

  test('with an unknown event is named in the error at a readable length', () => {
    const command = decode(JSON.stringify({ event: 'x'.repeat(100_000) }));
    expect(command).toMatchObject({ kind: 'invalid' });
    expect(JSON.stringify(command).length).toBeLessThan(500);
  });
});
