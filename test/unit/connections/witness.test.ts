import { describe, expect, test } from 'vitest';
import { noWitness, type Witness } from '../../../src/ports/witness.ts';
import { bothWitnesses } from '../../../src/recording/both-witnesses.ts';
import { application } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

/** Records what it is notified of. */
function createWitness() {
  const calls: unknown[] = [];
  const witness: Witness = {
    ...noWitness,
    connected: ({ socketId }, remoteAddress) => void calls.push(['connected', socketId, remoteAddress]),
    disconnected: ({ socketId, subscriptions, user, openedAt }, reason) =>
      void calls.push(['disconnected', socketId, [...subscriptions.keys()], user?.userId, openedAt, reason]),
    signedIn: ({ socketId }, userId) => void calls.push(['signed in', socketId, userId]),
    joined: ({ socketId }, channel, userId) => void calls.push(['joined', socketId, channel, userId]),
    left: ({ socketId }, { channel, userId }, how) =>
      void calls.push(['left', socketId, channel.name, userId, how]),
    clientEvent: ({ socketId }, { channel, event, data }, userId) =>
      void calls.push(['client event', socketId, channel, event, data, userId]),
  };
  return { calls, witness };
}

describe('a witness', () => {
  test('is notified of clients that connect, join, send and leave, with what they had', () => {
    const { calls, witness } = createWitness();
    const { connect, clock } = hubStage({ witness });
    const client = connect();
    client.enter({ id: '42' });
    client.join('news').join('presence-room', { user_id: '42' });
    client.trigger('presence-room', 1);
    clock.advanceSync(10);
    client.unsubscribe('news');
    client.vanish();
    expect(calls).toEqual([
      ['connected', '1.1', '127.0.0.1'],
      ['signed in', '1.1', '42'],
      ['joined', '1.1', 'news', undefined],
      ['joined', '1.1', 'presence-room', '42'],
      ['client event', '1.1', 'presence-room', 'client-typing', '1', '42'],
      ['left', '1.1', 'news', undefined, 'unsubscribed'],
      ['disconnected', '1.1', ['presence-room'], '42', 1000, 'client'],
      ['left', '1.1', 'presence-room', '42', 'disconnected'],
    ]);
  });

  test('is notified that a member exceeded the limit', () => {
    const { calls, witness } = createWitness();
    const { connect } = hubStage({ witness, apps: [application({ limits: { presenceMembers: 1 } })] });
    connect().join('presence-room', { user_id: '42' });
    connect().subscribe('presence-room', { user_id: '43' });
    expect(calls.slice(-2)).toEqual([
      ['joined', '1.2', 'presence-room', '43'],
      ['left', '1.2', 'presence-room', '43', 'refused'],
    ]);
  });

  test("is not notified of what is refused, nor of the protocol's own channels", () => {
    const { calls, witness } = createWitness();
    const { connect } = hubStage({ witness, apps: [application({ clientEvents: false })] });
    const client = connect();
    client.join('private-a');
    client.trigger('private-a', 1);
    client.socket.takeFrames();
    client.enter({ id: '42' });
    client.subscribe('#server-to-user-42');
    client.unsubscribe('#server-to-user-42');
    expect(calls).toEqual([
      ['connected', '1.1', '127.0.0.1'],
      ['joined', '1.1', 'private-a', undefined],
      ['signed in', '1.1', '42'],
    ]);
  });
});

test('two witnesses are notified alike', () => {
  const names = Object.keys(noWitness) as (keyof Witness)[];
  const record = (): { calls: unknown[]; witness: Witness } => {
    const calls: unknown[] = [];
    const witness = Object.fromEntries(
      names.map((name) => [name, (...given: readonly unknown[]) => void calls.push([name, ...given])]),
    ) as unknown as Witness;
    return { calls, witness };
  };
  const [first, second] = [record(), record()];
  const both = bothWitnesses(first.witness, second.witness) as unknown as Record<
    string,
    (...given: unknown[]) => void
  >;
  for (const name of names) both[name]?.(...['a', 'b', 'c'].slice(0, noWitness[name].length || 3));
  expect(first.calls.map((call) => (call as unknown[])[0])).toEqual(names);
  expect(second.calls).toEqual(first.calls);
});
