import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { parseReceived } from '../../src/webhooks/received.ts';
import { Replay } from '../../src/webhooks/replay.ts';
import { runs, seeded } from '../support/property/seeded.ts';
import { channelOf, WebhookState } from '../support/webhook-state.ts';

const channel = fc.constantFrom('presence-a', 'presence-b');
const events = fc.array(
  fc.oneof(
    fc.record({ name: fc.constantFrom('channel_occupied', 'channel_vacated'), channel }),
    fc.record({
      name: fc.constantFrom('member_added', 'member_removed'),
      channel,
      user_id: fc.constantFrom('1', '2'),
    }),
  ),
  { maxLength: 30, size: 'max' },
);

/** The state of the program's replay in the form of the oracle. */
function describeState(replay: Replay) {
  const { occupied, members } = replay.state();
  const keys = Object.entries(members).flatMap(([name, users]) => users.map((user) => `${name} ${user}`));
  return { occupied, members: keys.toSorted() };
}

describe(seeded("the program's replay"), () => {
  it("agrees with the tests' oracle, up to and including the first contradiction", () => {
    fc.assert(
      fc.property(events, (given) => {
        const received = parseReceived(JSON.stringify({ time_ms: 1, events: given }));
        assert.ok(received.kind !== 'malformed');
        const replay = new Replay();
        const oracle = new WebhookState();
        for (const [index, event] of received.body.events.entries()) {
          replay.apply(event);
          const found = oracle.apply(given[index] ?? assert.fail());
          const { contradictions } = replay.state();
          // The program does not report a member of a channel that is not occupied, because an endpoint may not select these events.
          const expected = found.filter(({ kind }) => kind !== 'added while not occupied');
          assert.equal(contradictions.length, expected.length, contradictions.join());
          for (const { subjects } of expected) {
            assert.match(contradictions.join(), new RegExp(channelOf(subjects[0] ?? '')));
          }
          if (expected.length > 0) return;
          assert.deepEqual(describeState(replay), oracle.describe());
        }
      }),
      runs(1000),
    );
  });
});
