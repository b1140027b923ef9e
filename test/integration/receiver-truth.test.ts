import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sign } from '../../src/auth/hmac.ts';
import { startEmulator, startReceiver } from '../../src/index.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { Client } from './support/client.ts';

const visitors = 4;
const channels = ['presence-a', 'presence-b', 'news'];

const visitor = fc.nat({ max: visitors - 1 });
const channel = fc.constantFrom(...channels);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('join' as const), visitor, channel }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), visitor, channel }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), visitor }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 4000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom(
        { status: 500, times: 2 },
        { reset: true, delivered: true, times: 1 },
        { status: 503, delivered: true, times: 2 },
        { duplicate: true, times: 2 },
        { refuse: true, times: 1 },
      ),
    }),
  },
);

/** Connections of a few users, who reconnect when they are needed again. */
class Visitors {
  readonly #port: number;
  readonly #clients = new Map<number, Client>();

  constructor(port: number) {
    this.#port = port;
  }

  async join(number: number, name: string): Promise<void> {
    const client = this.#clients.get(number) ?? (await Client.connect({ port: this.#port }));
    this.#clients.set(number, client);
    const channelData = JSON.stringify({ user_id: `user-${number % 3}` });
    const signed = `${client.socketId}:${name}:${channelData}`;
    const rest = { auth: `app-key:${sign('app-secret', signed)}`, channel_data: channelData };
    client.send('pusher:subscribe', { channel: name, ...(name.startsWith('presence-') && rest) });
    await client.ping();
  }

  async leave(number: number, name: string): Promise<void> {
    const client = this.#clients.get(number);
    client?.send('pusher:unsubscribe', { channel: name });
    await client?.ping();
  }

  async disconnect(number: number): Promise<void> {
    const client = this.#clients.get(number);
    this.#clients.delete(number);
    await client?.leave();
  }

  async end(): Promise<void> {
    for (const number of this.#clients.keys()) await this.disconnect(number);
  }
}

describe(seeded('a receiver'), () => {
  test(
    'receives the truth, whatever happens to the requests in transit',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          await using receiver = await startReceiver();
          await using soketify = await startEmulator({
            clock: 'virtual',
            apps: [{ webhooks: [{ url: receiver.url }] }],
          });
          const group = new Visitors(soketify.port);
          for (const one of steps) {
            if (one.kind === 'join') await group.join(one.visitor, one.channel);
            else if (one.kind === 'leave') await group.leave(one.visitor, one.channel);
            else if (one.kind === 'disconnect') await group.disconnect(one.visitor);
            else if (one.kind === 'pass') await soketify.clock.advance(one.ms);
            else soketify.faults.webhooks(one.fault);
          }
          soketify.faults.clear();
          // Everything that lingers is decided, then everything that waits for another attempt is sent.
          await soketify.clock.advance(3000);
          await soketify.idle();
          const truth = await soketify.channels();
          const state = receiver.state();
          expect(state.contradictions).toEqual([]);
          expect(state.occupied).toEqual(truth.map(({ name }) => name));
          expect(state.members).toEqual(
            Object.fromEntries(
              truth
                .filter(({ userIds }) => userIds !== undefined)
                .map(({ name, userIds = [] }) => [name, [...userIds].toSorted()]),
            ),
          );
          await group.end();
        }),
        runs(15),
      );
    },
    patienceMs,
  );
});
