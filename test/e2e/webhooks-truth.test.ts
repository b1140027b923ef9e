import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { app, quick } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket, type Socket } from '../support/e2e/socket.ts';
import { replay } from '../support/webhook-state.ts';

const channels = ['presence-a', 'presence-b', 'presence-c', 'd', 'private-e', 'cache-f'];
const users = ['anna', 'bert', 'cleo'];
const steps = 800;
/** So short that many departures are reported while other clients return. */
const short = { disconnectGraceMs: 20, unsubscribeGraceMs: 10, batch: { maxDelayMs: 5 } };

test.each([1, 2])(
  'replaying the webhooks of a failing endpoint gives the true state (seed %i)',
  async (seed) => {
    const random = createRandom(seed);
    await using hooks = await startReceiver({ answer: (index) => (index % 3 === 0 ? 500 : 200) });
    await using server = await startServer({
      apps: [{ ...app, webhooks: [{ url: hooks.url }] }],
      webhooks: { ...quick, ...short },
    });

    const places: Place[] = [];
    for (let index = 0; index < 12; index++) places.push({ user: pick(users, index) });
    for (let step = 0; step < steps; step++) await move(places, server, random);

    // A closing connection receives no answer, so the server may process its leaves a little later.
    const open = places.filter(({ socket }) => socket !== undefined).length;
    await expect.poll(() => connectionsOf(server)).toBe(open);
    const sdk = sdkFor(server);
    const ask = async (path: string) => (await sdk.get({ path })).json() as Promise<unknown>;
    const { channels: occupied } = (await ask('/channels')) as { channels: Record<string, object> };
    const members: string[] = [];
    for (const channel of Object.keys(occupied).filter((name) => name.startsWith('presence-'))) {
      const { users: present } = (await ask(`/channels/${channel}/users`)) as { users: { id: string }[] };
      members.push(...present.map(({ id }) => `${channel} ${id}`));
    }
    const truth = {
      occupied: Object.keys(occupied).toSorted(),
      members: members.toSorted(),
      contradictions: [],
    };
    expect(truth.occupied.length).toBeGreaterThan(0);
    await hooks.events.until((events) => isDeepStrictEqual(replay(events), truth));

    // Nothing was reported twice: occupied and vacated of a channel, added and removed of a member,
    // alternate.
    const turns = new Map<string, string>();
    for (const { name, channel, user_id: user } of hooks.events.items) {
      const key = `${name.startsWith('member_') ? 'member' : name.startsWith('channel_') ? 'channel' : name} ${channel} ${user}`;
      if (!key.startsWith('cache_miss')) expect(turns.get(key)).not.toBe(name);
      turns.set(key, name);
    }
    expect(hooks.events.items.length).toBeGreaterThan(30);
  },
);

async function connectionsOf(server: { readonly url: string }): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^soketify_connections\{app="1"\} (\d+)$/m.exec(text)?.[1]);
}

interface Place {
  readonly user: string;
  socket?: Socket | undefined;
}

/** A client connects, disconnects cleanly or not, subscribes or unsubscribes. */
async function move(places: Place[], server: { readonly port: number }, random: Random): Promise<void> {
  const place = pick(places, random(places.length));
  const channel = pick(channels, random(channels.length));
  if (place.socket === undefined) {
    place.socket = await connectSocket(server);
    return;
  }
  const choice = random(10);
  if (choice === 0) {
    place.socket.destroy();
    place.socket = undefined;
  } else if (choice === 1) {
    place.socket.close();
    place.socket = undefined;
  } else if (choice < 6) {
    place.socket.requestSubscription(channel, { user_id: place.user });
  } else {
    place.socket.unsubscribe(channel);
  }
  await place.socket?.framesBeforePong();
}

type Random = (below: number) => number;

/** A seeded random number generator (mulberry32). */
function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('There is nothing to pick from');
  return item;
}
