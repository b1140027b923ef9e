import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, parseObject, type Command } from '../../src/protocol/decode.ts';
import { memberSource } from '../../src/protocol/json-source.ts';
import { runs } from '../support/property/seeded.ts';

const data = fc.oneof(
  fc.json(),
  fc.constantFrom(
    '1e400',
    '-0',
    ' [ 1 ] ',
    '"\\u0061"',
    '{"channel":"x"}',
    '1,"channel":"x"',
    '',
    '{',
    '"',
    '[1],"data":[2]',
  ),
);
const name = fc.constantFrom('private-a', '', 'a\\"b', '\\u0061', 'a\nb', 'x,"channel":"y', '\u00e9');
const piece = fc.constantFrom(
  '{',
  '{"event":"client-a",',
  '{"event":"client-a","data":',
  '"channel":"private-a",',
  ',"channel":"private-b"',
  '"data":',
  ',"data":2',
  ',"event":"client-b"',
  '"channel":"}',
  '}',
  '"}',
  ' ',
);
const frame = fc.oneof(
  fc
    .tuple(name, data, name)
    .map(([event, value, channel]) => `{"event":"client-${event}","data":${value},"channel":"${channel}"}`),
  fc
    .tuple(name, name, data, fc.constantFrom('}', '', ']', ' }', '} '))
    .map(
      ([event, channel, value, end]) =>
        `{"event":"client-${event}","channel":"${channel}","data":${value}${end}`,
    ),
  fc.array(fc.oneof(piece, data), { maxLength: 8 }).map((pieces) => pieces.join('')),
);

/** What the whole frame contains, read member by member. */
function read(text: string): Partial<Command> {
  const { event, channel, data: value } = parseObject(text) ?? {};
  if (typeof event !== 'string' || !event.startsWith('client-') || typeof channel !== 'string') {
    return { kind: 'invalid' };
  }
  const source = typeof value === 'string' ? value : (memberSource(text, 'data') ?? '{}');
  return { kind: 'client-event', event, channel, data: source };
}

test('a client event equals what its whole frame contains, however it is written', () => {
  fc.assert(
    fc.property(frame, (text) => {
      const command = decode(text);
      expect(command.kind === 'invalid' ? { kind: 'invalid' } : command).toEqual(read(text));
    }),
    runs(5000),
  );
});
