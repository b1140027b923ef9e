import * as fc from 'fast-check';
import type { Application } from '../../../src/apps/application.ts';
import { eventNames, type EventName } from '../../../src/webhooks/event.ts';
import { defaultLimits } from '../../../src/protocol/limits.ts';
import { defaultPolicy } from './delivery-shell.ts';
import { answered, type Fate } from './fake-receivers.ts';
import { step, type Step } from './step.ts';
import type { Stack } from './stack.ts';
import type { StackClient } from './stack-client.ts';

/** A program and its clients, in the order of connecting. */
export interface World {
  readonly stack: Stack;
  readonly clients: StackClient[];
  /** The accepted client events, as `app channel data`. */
  readonly clientEvents: string[];
  /** Changes the configuration of apps before it is applied. */
  readonly reconfigure?: (apps: readonly Application[]) => readonly Application[];
}

const endpoint = (id: string, eventTypes: readonly EventName[], startsWith = '') => ({
  id,
  url: `http://receiver/${id}`,
  isEnabled: true,
  headers: { 'x-extra': id },
  eventTypes: new Set(eventTypes),
  channels: { startsWith, endsWith: '' },
});

function application(id: string, presenceMembers: number): Application {
  return {
    id,
    key: `key-${id}`,
    secret: `secret-${id}`,
    otherKeys: [],
    isEnabled: true,
    clientEvents: true,
    subscriptionCount: false,
    watchlist: true,
    forceTls: false,
    allowedOrigins: ['*'],
    limits: { ...defaultLimits, presenceMembers },
    endpoints: [
      endpoint(`${id}-all`, eventNames),
      endpoint(`${id}-presence`, eventNames, 'presence-'),
      endpoint(`${id}-channels`, ['channel_occupied', 'channel_vacated']),
      endpoint(`${id}-members`, ['member_added', 'member_removed', 'cache_miss']),
    ],
  };
}

/** Two apps whose channels have the same names. */
export const twoApps = [application('a', 1), application('b', 100)] as const;

const channels = ['room', 'private-room', 'cache-news', 'presence-room', 'presence-cache-hall'] as const;
const users = ['u1', 'u2', 'u3'] as const;

const clientNumber = fc.nat({ max: 6 });
const channel = fc.constantFrom(...channels);

function withClient(world: World, number: number, use: (client: StackClient) => void): void {
  const open = world.clients.filter(({ isOpen }) => isOpen);
  const client = open[number % Math.max(1, open.length)];
  if (client !== undefined) use(client);
}

const connect = fc.nat({ max: 1 }).map((app) =>
  step<World>(`connect(${twoApps[app]?.id})`, ({ stack, clients }) => {
    clients.push(stack.connect(twoApps[app] ?? twoApps[0]));
  }),
);
const subscribe = fc
  .tuple(clientNumber, channel, fc.constantFrom(...users))
  .map(([number, name, user]) =>
    step<World>(`subscribe(${number}, ${name}, ${user})`, (world) =>
      withClient(world, number, (client) =>
        client.subscribe(name, name.startsWith('presence-') ? user : undefined),
      ),
    ),
  );
const unsubscribe = fc
  .tuple(clientNumber, channel)
  .map(([number, name]) =>
    step<World>(`unsubscribe(${number}, ${name})`, (world) =>
      withClient(world, number, (client) => client.unsubscribe(name)),
    ),
  );
const disconnect = clientNumber.map((number) =>
  step<World>(`disconnect(${number})`, (world) => withClient(world, number, (client) => client.disconnect())),
);
const manyJoin = fc
  .tuple(fc.nat({ max: 1 }), channel, fc.array(fc.constantFrom(...users), { minLength: 2, maxLength: 4 }))
  .map(([app, name, joiningUsers]) =>
    step<World>(`manyJoin(${app}, ${name}, ${joiningUsers.join(' ')})`, ({ stack, clients }) => {
      for (const user of joiningUsers) {
        const client = stack.connect(twoApps[app] ?? twoApps[0]);
        clients.push(client);
        client.subscribe(name, name.startsWith('presence-') ? user : undefined);
      }
    }),
  );
const manyLeave = fc.tuple(channel, fc.boolean()).map(([name, isDisconnect]) =>
  step<World>(`manyLeave(${name}, ${isDisconnect ? 'disconnect' : 'unsubscribe'})`, ({ clients }) => {
    for (const client of clients) {
      if (!client.wants(name)) continue;
      if (isDisconnect) client.disconnect();
      else client.unsubscribe(name);
    }
  }),
);
const sendClientEvent = fc
  .tuple(clientNumber, fc.constantFrom('private-room', 'presence-room'))
  .map(([number, name]) =>
    step<World>(`clientEvent(${number}, ${name})`, (world) =>
      withClient(world, number, (client) => {
        const data = `${world.clientEvents.length}`;
        if (client.send('client-typing', name, data))
          world.clientEvents.push(`${client.app.id} ${name} ${data}`);
      }),
    ),
  );
const trigger = fc
  .tuple(fc.nat({ max: 1 }), fc.constantFrom(...channels), clientNumber, fc.boolean())
  .map(([app, name, number, isExcepting]) =>
    step<World>(`trigger(${app}, ${name}${isExcepting ? `, except ${number}` : ''})`, async (world) => {
      const of = twoApps[app] ?? twoApps[0];
      const except = isExcepting ? world.clients[number] : undefined;
      const body = { name: 'state', channels: [name], data: '"1"' };
      const request = { ...body, ...(except !== undefined && { socket_id: except.socketId }) };
      // Not awaited: with a slow ledger the answer needs the time to advance.
      void world.stack.trigger(of, request);
    }),
  );
const outage = fc
  .tuple(fc.nat({ max: 7 }), fc.constantFrom(500, 5000, 60_000, 290_000, 400_000))
  .map(([number, ms]) =>
    step<World>(`outage(${number}, ${ms})`, ({ stack }) =>
      [...stack.receivers.values()][number]?.downUntil(stack.clock.now() + ms),
    ),
  );
const signIn = fc
  .tuple(clientNumber, fc.constantFrom(...users))
  .map(([number, user]) =>
    step<World>(`signIn(${number}, ${user})`, (world) =>
      withClient(world, number, (client) => client.signIn(user)),
    ),
  );
const terminate = fc
  .tuple(fc.nat({ max: 1 }), fc.constantFrom(...users))
  .map(([app, user]) =>
    step<World>(`terminate(${app}, ${user})`, ({ stack }) =>
      stack.terminate((twoApps[app] ?? twoApps[0]).id, user),
    ),
  );
/** Removes an app with all its endpoints and adds it again, or turns on its subscription counts. */
const reload = fc
  .tuple(fc.subarray([...twoApps], { minLength: 1 }), fc.boolean())
  .map(([apps, subscriptionCount]) =>
    step<World>(
      `reload(${apps.map(({ id }) => id).join(' ')}, ${subscriptionCount})`,
      ({ stack, reconfigure = (given) => given }) =>
        stack.reload(reconfigure(apps.map((app) => ({ ...app, subscriptionCount })))),
    ),
  );
const advance = fc
  .constantFrom(0, 1, 100, 250, 1000, 2999, 3000, 3001, 10_000, 60_000, 310_000)
  .map((ms) => step<World>(`advance(${ms})`, ({ stack }) => stack.clock.advance(ms)));

/**
 * Random sequences: clients and apps join and leave, clients send events, endpoints fail, and time passes.
 */
export const walk: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    { arbitrary: connect, weight: 3 },
    { arbitrary: manyJoin, weight: 2 },
    { arbitrary: manyLeave, weight: 1 },
    { arbitrary: subscribe, weight: 8 },
    { arbitrary: unsubscribe, weight: 3 },
    { arbitrary: disconnect, weight: 2 },
    { arbitrary: sendClientEvent, weight: 2 },
    { arbitrary: trigger, weight: 1 },
    { arbitrary: outage, weight: 1 },
    { arbitrary: signIn, weight: 2 },
    { arbitrary: terminate, weight: 1 },
    { arbitrary: reload, weight: 1 },
    { arbitrary: advance, weight: 6 },
  ),
  { maxLength: 80, size: 'max' },
);

const fate: fc.Arbitrary<Fate> = fc.constantFrom<Fate>(
  answered(200),
  answered(204, 900),
  answered(200, 3999),
  answered(200, 9000),
  answered(500),
  answered(302),
  answered(401, 100),
  answered(429, 20, 10_000),
  { outcome: { kind: 'unreachable', code: 'ECONNRESET' }, received: true, takesMs: 50 },
  { outcome: { kind: 'unreachable', code: 'ECONNREFUSED' }, received: false, takesMs: 1 },
);
const goodOrBad = fc.array(fc.oneof({ arbitrary: fc.constant(answered(200)), weight: 2 }, fate), {
  minLength: 1,
  maxLength: 12,
});

/** How each of the eight endpoints behaves. */
export const allFates = fc.array(goodOrBad, { minLength: 8, maxLength: 8 });

export const stackPolicy = fc
  .record({
    maxEvents: fc.constantFrom(1, 3, 20),
    concurrency: fc.constantFrom(1, 10),
    queueMaxBytes: fc.constantFrom(600, 67_108_864, 67_108_864),
  })
  .map(({ maxEvents, ...rest }) => ({
    ...defaultPolicy,
    ...rest,
    batch: { ...defaultPolicy.batch, maxEvents },
  }));

export const graces = fc.record({
  disconnectMs: fc.constantFrom(3000, 0),
  unsubscribeMs: fc.constantFrom(3000, 0, 1000),
});
