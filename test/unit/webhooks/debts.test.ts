import { expect, it } from 'vitest';
import { Beliefs } from '../../../src/webhooks/belief.ts';
import { correctionsOf, Debts, type ChannelTruth } from '../../../src/webhooks/debts.ts';
import type { StateEvent } from '../../../src/webhooks/last-sent.ts';
import { channelName } from '../../support/unit/application.ts';

const occupied = (channel: string): StateEvent => ({
  name: 'channel_occupied',
  channel: channelName(channel),
});
const vacated = (channel: string): StateEvent => ({ name: 'channel_vacated', channel: channelName(channel) });
const room = channelName('room');
const joined = (userId: string): StateEvent => ({ name: 'member_added', channel: room, userId });
const removed = (userId: string): StateEvent => ({ name: 'member_removed', channel: room, userId });

it('forgets what was dropped in pairs, little by little, so that an endpoint that is off for days stays known', () => {
  const debts = new Debts(20, false);
  for (let seq = 1; seq <= 2000; seq += 2) {
    debts.dropped(occupied(`room-${seq}`), seq);
    debts.dropped(vacated(`room-${seq}`), seq + 1);
    debts.sweep(
      () => false,
      () => {},
    );
  }
  expect(debts.hasOverflowed).toBe(false);
  expect(debts.channels.length).toBeLessThan(20);
});

it('forgets no pair while an earlier event of its channel waits', () => {
  const debts = new Debts(2, false);
  debts.dropped(occupied('room'), 1);
  debts.dropped(vacated('room'), 2);
  for (let count = 0; count < 5; count += 1) debts.sweep(() => true, expect.unreachable);
  expect(debts.of(channelName('room'))?.sent.get('')).toMatchObject({ isThere: false, seq: 1 });
});

it('forgets no pair of which the endpoint may have received one event', () => {
  const debts = new Debts(2, false);
  const why = { kind: 'dropped', reason: 'expired', atMs: 0, mayHaveArrived: true } as const;
  debts.dropped(occupied('room'), 1, why);
  debts.dropped(vacated('room'), 2);
  for (let count = 0; count < 5; count += 1) debts.sweep(() => false, expect.unreachable);
  expect(debts.expect(channelName('room'), [])?.believed.get('')).toBeUndefined();
  expect(debts.channels).toEqual(['room']);
});

it('reports that nothing is certain about what there was no room for', () => {
  const debts = new Debts(2, false);
  for (const channel of ['one', 'two', 'three']) debts.dropped(occupied(channel), 1);
  expect(debts.channels).toEqual(['one', 'two']);
  expect(debts.hasOverflowed).toBe(true);
  expect(debts.isPartial(channelName('three'))).toBe(true);
});

it('is certain again once the channel was vacated after the unrecorded drop', () => {
  const debts = new Debts(10, false);
  debts.markUncertain(3, room);
  expect(debts.of(room)?.isUncertain).toBe(true);
  // It is unknown whether it had received that somebody joined.
  debts.dropped(vacated('room'), 4);
  expect(debts.of(channelName('room'))?.sent.get('')?.isThere).toBeUndefined();
  debts.delivered(occupied('room'), 5);
  debts.delivered(vacated('room'), 6);
  expect(debts.of(channelName('room'))).toMatchObject({ isUncertain: false });
  expect(debts.of(channelName('room'))?.sent.get('')?.isThere).toBe(false);
});

it('treats an endpoint that has received later events as one that lost nothing, unless it is reconciled', () => {
  const debts = new Debts(10, false);
  debts.dropped(occupied('room'), 1);
  debts.delivered(vacated('room'), 2);
  expect(debts.isEmpty).toBe(true);
  debts.isReconciled = true;
  debts.dropped(occupied('room'), 3);
  debts.delivered(vacated('room'), 4);
  expect(debts.due).toEqual(['room']);
});

/** Continues in the next run of the process with what was stored. */
function restart(debts: Debts): Debts {
  const next = new Debts(10);
  next.restore(debts.keep(room) ?? expect.fail('nothing is kept'), 100);
  return next;
}

/** The same, but an earlier version has stored it. */
function restartOfEarlier(debts: Debts): Debts {
  const kept = debts.keep(room) ?? expect.fail('nothing is kept');
  const told = kept.told.map(([subject, isThere, seq]) => [subject, isThere, seq] as const);
  const next = new Debts(10);
  next.restore({ ...kept, vacatedSeq: undefined, partialSeq: undefined, told }, 100);
  return next;
}

/** The events that the endpoint must be sent, if none wait. */
const missing = (debts: Debts, truth: ChannelTruth): readonly StateEvent[] =>
  correctionsOf(room, debts.expect(room, [])?.believed ?? new Map(), truth);

it('sends the truth of what may have arrived without an answer, also after a restart, until something is accepted', () => {
  const why = { kind: 'dropped', reason: 'expired', atMs: 0, mayHaveArrived: true } as const;
  const before = new Debts(10);
  before.dropped(joined('u1'), 1, why);
  before.dropped(removed('u1'), 2);
  const gone = { isOccupied: true, userIds: new Set<string>() };
  for (const debts of [before, restart(before)]) {
    // What it has accepted is still known.
    expect(debts.of(room)?.sent.get('u1')?.isThere).toBe(false);
    expect(missing(debts, gone)).toEqual([removed('u1')]);
    debts.delivered(removed('u1'), 101);
    expect(missing(debts, gone)).toEqual([]);
  }
});

it('needs no record after a restart once an event of the new run has brought the endpoint up to date', () => {
  const before = new Debts(10, false);
  before.dropped(removed('u1'), 3);
  const debts = restartOfEarlier(before);
  debts.isReconciled = false;
  // It waited when the earlier run ended. A later event of that run may have been dropped.
  debts.delivered(removed('u1'), 90);
  expect(debts.isEmpty).toBe(false);
  debts.delivered({ name: 'member_added', channel: room, userId: 'u1' }, 101);
  expect(debts.isEmpty).toBe(true);
});

it('needs no record after a restart once the last event that was dropped is known to have arrived', () => {
  const before = new Debts(10, false);
  before.dropped(removed('u1'), 3);
  before.dropped({ name: 'member_added', channel: room, userId: 'u1' }, 5);
  const debts = restart(before);
  debts.isReconciled = false;
  debts.delivered(removed('u1'), 4);
  expect(debts.isEmpty).toBe(false);
  // The process ended after it had noted the drop, and before it could settle it. The event was then sent again.
  debts.delivered({ name: 'member_added', channel: room, userId: 'u1' }, 5);
  expect(debts.isEmpty).toBe(true);
});

it('believes an event that was noted as dropped and then arrived', () => {
  const debts = new Debts(10);
  debts.dropped(removed('u1'), 3);
  debts.dropped({ name: 'member_added', channel: room, userId: 'u1' }, 5);
  debts.delivered(removed('u1'), 3);
  expect(debts.of(room)?.sent.get('u1')?.isThere).toBe(false);
});

it('does not know after a restart what another run may have sent', () => {
  const debts = new Debts(10);
  debts.dropped(occupied('room'), 1, undefined, true);
  expect(restart(debts).of(room)?.sent.get('')).toMatchObject({ isThere: undefined });
  expect(missing(restart(debts), { isOccupied: false, userIds: new Set() })).toEqual([vacated('room')]);
});

it('knows after a restart that the channel was reported as vacated after the leave of a member was dropped', () => {
  const before = new Debts(10);
  before.dropped(removed('u1'), 3);
  before.delivered(vacated('room'), 4);
  const debts = restart(before);
  const beliefs = new Beliefs({ debt: debts.of(room), isUnsure: false, waiting: [] });
  expect(beliefs.of('u1', false)).toMatchObject({ believed: false });
  // Some backends remove the members with the channel, others do not: the truth has to be sent in any case.
  expect(missing(debts, { isOccupied: true, userIds: new Set(['u1']) })).toEqual([
    { name: 'member_added', channel: room, userId: 'u1' },
  ]);
});

it('does not know the belief about a member if an earlier version has stored less', () => {
  const before = new Debts(10);
  before.dropped(removed('u1'), 3);
  before.dropped(vacated('room'), 4);
  const debts = restartOfEarlier(before);
  const beliefs = new Beliefs({ debt: debts.of(room), isUnsure: false, waiting: [] });
  expect(beliefs.of('u1', false)).toMatchObject({ believed: undefined });
  expect(beliefs.of('', false)).toMatchObject({ believed: true });
});

it('stays uncertain after a restart about what is not recorded, until the channel is vacated', () => {
  const before = new Debts(1);
  before.dropped(removed('u1'), 3);
  before.dropped(removed('u2'), 5);
  before.delivered(vacated('room'), 4);
  const debts = restart(before);
  expect(debts.of(room)).toMatchObject({ isUncertain: true });
  debts.delivered(vacated('room'), 6);
  expect(debts.of(room)).toMatchObject({ isUncertain: false });
});

it('stays uncertain if the unrecorded event was dropped after the channel was vacated', () => {
  const debts = new Debts(1);
  debts.dropped(occupied('other'), 1);
  debts.dropped(removed('u1'), 5);
  debts.settled(channelName('other'));
  debts.dropped(occupied('room'), 6);
  debts.delivered(vacated('room'), 4);
  expect(debts.of(room)).toMatchObject({ isUncertain: true });
});

it('stays uncertain if the channel was vacated before the unrecorded drop', () => {
  const debts = new Debts(10, false);
  debts.markUncertain(3, room);
  debts.delivered(vacated('room'), 2);
  expect(debts.of(room)?.isUncertain).toBe(true);
});

it('notes the drop of the first event after a search for what an endpoint missed before', () => {
  const debts = new Debts(10, false);
  debts.missedBefore(room, 'u1', {
    why: { kind: 'before', what: 'added', atMs: 1 },
    isThere: undefined,
    seq: 5,
  });
  const why = { kind: 'dropped', reason: 'expired', atMs: 2 } as const;
  debts.dropped(removed('u1'), 5, why);
  expect(debts.of(room)?.sent.get('u1')).toMatchObject({ lastSeq: 5, lastIsThere: false, why });
});

it('gives the reason for what an endpoint missed last', () => {
  const debts = new Debts(10, false);
  const added: StateEvent = { name: 'member_added', channel: room, userId: 'u1' };
  debts.dropped(added, 3, { kind: 'dropped', reason: 'expired', atMs: 1 });
  debts.missedBefore(room, 'u1', {
    why: { kind: 'before', what: 'added', atMs: 2 },
    isThere: undefined,
    seq: 5,
  });
  expect(debts.of(room)?.sent.get('u1')).toMatchObject({ isThere: false, lastSeq: 5, why: { atMs: 2 } });
});
