import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Movement } from '../../src/recording/movements.ts';
import { spansOf } from '../../src/recording/spans.ts';
import { channelName, socketIdOf } from '../support/unit/application.ts';
import { runs, seeded } from '../support/property/seeded.ts';

const grace = { disconnectMs: 50, unsubscribeMs: 20 };

/** What three connections do, each coming and going by turns, some of them there from the beginning. */
const histories = fc.record({
  before: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  movesOfConnections: fc.array(
    fc.record({
      connection: fc.nat({ max: 2 }),
      afterMs: fc.nat({ max: 60 }),
      departure: fc.constantFrom('disconnected', 'unsubscribed'),
    }),
    { maxLength: 30 },
  ),
  restMs: fc.nat({ max: 100 }),
});

describe(seeded('the spans of a timeline'), () => {
  test('are present exactly while a connection is, and follow each other without overlap', () => {
    fc.assert(
      fc.property(histories, ({ before, movesOfConnections, restMs }) => {
        const connected = before.map((isThere) => isThere);
        const movements: Movement[] = [];
        const moments: { readonly atMs: number; readonly isThere: boolean }[] = [
          { atMs: 0, isThere: connected.includes(true) },
        ];
        let atMs = 0;
        for (const { connection, afterMs, departure } of movesOfConnections) {
          atMs += afterMs + 1;
          const kind = connected[connection] === true ? departure : 'subscribed';
          connected[connection] = kind === 'subscribed';
          movements.push({
            seq: movements.length,
            bytes: 0,
            kind,
            appId: '1',
            channel: channelName('news'),
            socketId: socketIdOf(`1.${connection}`),
            userId: undefined,
            atMs,
          });
          moments.push({ atMs, isThere: connected.includes(true) });
        }
        const nowMs = atMs + restMs + 1;
        const connections = connected.filter(Boolean).length;
        const standing = { isThere: connections > 0, connections };
        const spans = spansOf(movements, { grace, fromMs: 0, nowMs, current: standing, endedAt: [] });
        for (const [index, { isThere, atMs: from }] of moments.entries()) {
          const until = moments[index + 1]?.atMs ?? nowMs;
          const middle = (from + until) / 2;
          const present = spans.filter(
            ({ state, fromMs, toMs = nowMs }) => state === 'present' && fromMs <= middle && middle <= toMs,
          );
          expect(present).toHaveLength(isThere ? 1 : 0);
        }
        for (const [index, { state, fromMs, toMs = Infinity, deadlineMs }] of spans.entries()) {
          assert.ok(fromMs <= toMs);
          assert.ok((spans[index + 1]?.fromMs ?? Infinity) >= toMs);
          if (state !== 'lingering' || deadlineMs === undefined) continue;
          // It lasts until somebody is back, and no longer than its grace.
          if (toMs === Infinity) assert.ok(deadlineMs > nowMs);
          else assert.ok(toMs <= deadlineMs);
        }
      }),
      runs(1000),
    );
  });
});
