import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../support/property/delivery-shell.ts';
import { expectTruth } from '../support/property/replay.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import type { StackClient } from '../support/property/stack-client.ts';
import { twoApps } from '../support/property/stack-walk.ts';
import { Stack } from '../support/property/stack.ts';
import { step, type Step } from '../support/property/step.ts';

const [app] = twoApps;
const makeStack = (ledgerDelays?: readonly number[], answerDelays: readonly number[] = []): Stack =>
  new Stack({
    applications: twoApps,
    policy: defaultPolicy,
    answerDelays,
    ...(ledgerDelays !== undefined && { ledgerDelays }),
  });
const delays = fc.array(fc.constantFrom(0, 1, 50, 1000), { minLength: 1, maxLength: 8 });
const eventNames = (client: StackClient): string[] =>
  client.socket.frames.map((frame) => (JSON.parse(frame) as { event: string }).event);

async function expectNothingLeft(stack: Stack): Promise<void> {
  await stack.clock.advance(60_000);
  expectTruth(stack, []);
  expect(await stack.ledger.occupiedChannels(app.id, '')).toEqual([]);
  expect(stack.apps.byId(app.id)?.sessions.size).toBe(0);
}

const channel = fc.constantFrom('room', 'private-room', 'cache-news', 'presence-room', 'presence-cache-hall');
const command: fc.Arbitrary<Step<StackClient>> = fc.oneof(
  { arbitrary: channel.map((name) => step<StackClient>(`subscribe(${name})`, subscribe(name))), weight: 4 },
  channel.map((name) => step<StackClient>(`unsubscribe(${name})`, (client) => client.unsubscribe(name))),
  channel.map((name) =>
    step<StackClient>(`send(${name})`, (client) => void client.send('client-x', name, 1)),
  ),
  fc.constant(step<StackClient>('raw(nonsense)', (client) => client.raw('nonsense'))),
);

const roomy = twoApps[1];
const visit = fc.record({
  client: fc.nat({ max: 2 }),
  action: fc.oneof({ arbitrary: channel, weight: 6 }, fc.constant('publish'), fc.constant('wait')),
});

interface Belief {
  readonly members: Set<string>;
  last: number;
}

/** What a client believes after these frames. Throws if they contradict earlier ones. */
function readBelief(frames: readonly string[]) {
  const belief = new Map<string, Belief>();
  for (const text of frames) {
    const { event, channel: name = '', data } = JSON.parse(text) as Record<string, string>;
    const content = JSON.parse(data ?? '{}') as { presence?: { ids: string[] }; user_id?: string };
    const known = belief.get(name);
    const userId = content.user_id ?? '';
    const fault = `${event} ${data} after ${[...(known?.members ?? [])].join()} ${known?.last}`;
    if (event === 'pusher_internal:subscription_succeeded') {
      belief.set(name, { members: new Set(content.presence?.ids), last: NaN });
    } else if (event === 'pusher_internal:member_added') {
      if (known === undefined || known.members.has(userId)) throw new Error(fault);
      known.members.add(userId);
    } else if (event === 'pusher_internal:member_removed') {
      if (known?.members.delete(userId) !== true) throw new Error(fault);
    } else if (event === 'pusher:cache_miss' && known !== undefined) {
      known.last = 0;
    } else if (event === 'news') {
      const isNext = known !== undefined && (Number.isNaN(known.last) || Number(data) === known.last + 1);
      if (!isNext) throw new Error(fault);
      known.last = Number(data);
    }
  }
  return {
    membersOf: (name: string): ReadonlySet<string> => belief.get(name)?.members ?? new Set(),
    lastOf: (name: string) => belief.get(name)?.last,
  };
}

function subscribe(name: string): (client: StackClient) => void {
  return (client) => client.subscribe(name, name.startsWith('presence-') ? 'u1' : undefined);
}

describe(seeded('a slow ledger'), () => {
  it(
    'makes no difference to the frames that a connection gets, nor to their order',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(command, { maxLength: 30, size: 'max' }),
          delays,
          delays,
          async (commands, slow, answers) => {
            const frames = [undefined, slow].map(async (ledgerDelays) => {
              const stack = makeStack(ledgerDelays, answers);
              const client = stack.connect(app);
              for (const run of commands) await run(client);
              // Twice, because a long chain of answers may take more promises than the clock lets settle before it jumps.
              await stack.clock.advance(60_000);
              await stack.clock.advance(60_000);
              return client.socket.frames;
            });
            const [atOnce, later] = await Promise.all(frames);
            expect(later).toEqual(atOnce);
          },
        ),
        runs(150),
      );
    },
    patienceMs,
  );

  it(
    'reports every join, leave and event to each subscriber, once',
    async () => {
      const visits = fc.array(visit, { maxLength: 40, size: 'max' });
      await fc.assert(
        fc.asyncProperty(visits, delays, delays, async (steps, slow, answers) => {
          const stack = makeStack(slow, answers);
          const clients = [0, 1, 2].map(() => stack.connect(roomy));
          let published = 0;
          const publish = (): void => {
            published += 1;
            const channels = ['cache-news', 'presence-cache-hall'];
            void stack.trigger(roomy, { name: 'news', channels, data: String(published) });
          };
          for (const { client: number, action } of steps) {
            const client = clients[number];
            if (action === 'publish') publish();
            else if (action === 'wait') await stack.clock.advance(20);
            else if (client?.wants(action) === true) client.unsubscribe(action);
            else client?.subscribe(action, action.startsWith('presence-') ? `u${number}` : undefined);
          }
          await stack.clock.advance(200_000);
          const holders = (name: string) =>
            clients.flatMap(({ holds }, number) => (holds.has(name) ? [`u${number}`] : []));
          for (const { socket, holds } of clients) {
            const belief = readBelief(socket.frames);
            for (const name of holds.keys()) {
              if (name.startsWith('presence-'))
                expect([...belief.membersOf(name)].toSorted()).toEqual(holders(name));
              if (name.includes('cache-')) expect(belief.lastOf(name)).toBe(published);
            }
          }
        }),
        runs(150),
      );
    },
    patienceMs,
  );

  it('does not delay pings', async () => {
    const stack = makeStack([1000]);
    const client = stack.connect(app);
    client.subscribe('presence-room', 'u1');
    client.sendCommand('pusher:ping', {});
    expect(eventNames(client)).toEqual(['pusher:connection_established', 'pusher:pong']);
    await stack.clock.advance(1000);
    expect(eventNames(client)[2]).toBe('pusher_internal:subscription_succeeded');
  });

  it('leaves nothing of a connection that closes before the answer', async () => {
    const stack = makeStack([1000]);
    const client = stack.connect(app);
    client.subscribe('presence-room', 'u1');
    client.subscribe('cache-news');
    client.disconnect();
    await expectNothingLeft(stack);
    expect(eventNames(client)).toEqual(['pusher:connection_established']);
  });

  it('lets 4 MB of commands wait and no more', async () => {
    const stack = makeStack([1000]);
    const client = stack.connect(app);
    client.subscribe('presence-room', 'u1');
    const frame = JSON.stringify({ event: 'client-x', channel: 'presence-room', data: 'x'.repeat(9000) });
    const fitting = Math.floor(4_194_304 / (frame.length + 100));
    for (let count = 0; count < fitting; count += 1) client.raw(frame);
    expect(client.isOpen).toBe(true);
    client.raw(frame);
    expect(client.isOpen).toBe(false);
    expect(eventNames(client).at(-1)).toBe('pusher:error');
    await expectNothingLeft(stack);
  });

  it('accepts nothing from a client that is being disconnected', async () => {
    const stack = makeStack();
    const client = stack.connect(app);
    client.socket.closesLate = true;
    const session = stack.apps.byId(app.id)?.sessions.values().next().value;
    if (session === undefined) throw new Error('the client has no session');
    stack.hub.tooSlow(session);
    client.subscribe('presence-room', 'u1');
    client.subscribe('room');
    client.disconnect();
    await expectNothingLeft(stack);
  });

  it("does not withhold a trigger from others because its sender's subscription is pending", async () => {
    const stack = makeStack([0, 1000]);
    const [listener, sender] = [stack.connect(twoApps[1]), stack.connect(twoApps[1])];
    listener.subscribe('presence-room', 'u1');
    await stack.clock.advance(1);
    sender.subscribe('presence-room', 'u2');
    const body = { name: 'news', channels: ['presence-room'], data: '1', socket_id: sender.socketId };
    await stack.trigger(twoApps[1], body);
    expect(eventNames(listener).at(-1)).toBe('news');
    await stack.clock.advance(1000);
    expect(eventNames(sender)).not.toContain('news');
  });

  // The channel was full when the second client joined, so its subscription had to be refused. Until the answer it counted
  // as a subscriber of this node, so the first client's leave was not reported as the last one.
  it('reports a channel as vacated although a refusal was pending when the last subscriber left', async () => {
    const stack = makeStack([0, 1000]);
    const [member, refused] = [stack.connect(app), stack.connect(app)];
    member.subscribe('presence-room', 'u1');
    await stack.clock.advance(1);
    refused.subscribe('presence-room', 'u2');
    member.disconnect();
    await stack.clock.advance(1000);
    expect(eventNames(refused)).toContain('pusher:subscription_error');
    refused.disconnect();
    await expectNothingLeft(stack);
  });
});
