import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Roster } from '../../src/protocol/roster.ts';
import { encodePresence } from '../../src/protocol/encode.ts';
import { channelName } from '../support/unit/application.ts';

const userId = fc.constantFrom('1', '2', '10', 'a"b', '\\', '\ud800', 'é');
const info = fc.oneof(fc.constant(undefined), fc.json());
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), userId, info }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), userId }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('encode' as const) }) },
);

/** What a client reads: the ids, and the infos in their order. */
function read(roster: Roster): unknown {
  const { data } = JSON.parse(encodePresence(channelName('presence-a'), roster)) as { data: string };
  return JSON.parse(data);
}

test('its text matches its members, whoever joined, left, changed or was read meanwhile', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const roster = new Roster();
      const model = new Map<string, unknown>();
      const check = (): void => {
        const hash = Object.fromEntries(model);
        expect(read(roster)).toEqual({ presence: { count: model.size, ids: [...model.keys()], hash } });
      };
      for (const one of steps) {
        if (one.kind === 'set') {
          const infoJson = one.info === undefined ? 'null' : JSON.stringify(JSON.parse(one.info));
          roster.set(one.userId, { userId: one.userId, infoJson });
          model.set(one.userId, JSON.parse(infoJson));
        } else if (one.kind === 'delete') {
          expect(roster.delete(one.userId)).toBe(model.delete(one.userId));
        } else if (one.kind === 'clear') {
          roster.clear();
          model.clear();
        } else check();
      }
      check();
      expect([...roster.keys()]).toEqual([...model.keys()]);
    }),
  );
});
