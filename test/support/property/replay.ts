import assert from 'node:assert/strict';
import { expect } from 'vitest';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { WebhookState, type DescribedState } from '../webhook-state.ts';
import type { ReceivedEvent } from './fake-receivers.ts';
import type { Stack } from './stack.ts';
import type { StackClient } from './stack-client.ts';

/** What the clients of one app are subscribed to. `holdsOf` returns the channels of one client. */
export function truthOf(
  appId: string,
  clients: readonly StackClient[],
  holdsOf = ({ holds }: StackClient): Iterable<readonly [string, string | undefined]> => holds,
): DescribedState {
  const occupied = new Set<string>();
  const members = new Set<string>();
  for (const client of clients) {
    if (client.app.id !== appId) continue;
    for (const [channel, userId] of holdsOf(client)) {
      occupied.add(channel);
      if (userId !== undefined) members.add(`${channel} ${userId}`);
    }
  }
  return { occupied: [...occupied], members: [...members] };
}

/**
 * The state that a backend derives from the webhooks it received. An event that contradicts its state is a
 * fault. An endpoint without the events of channels cannot know whether a channel is occupied.
 */
export function replay(events: readonly ReceivedEvent[], endpoint: Endpoint): DescribedState {
  const knowsChannels =
    endpoint.eventTypes.has('channel_occupied') && endpoint.eventTypes.has('channel_vacated');
  const state = new WebhookState();
  for (const event of events) {
    if (event.name === 'client_event') continue;
    for (const { kind, message } of state.apply(event)) {
      assert.ok(kind === 'added while not occupied' && !knowsChannels, message);
    }
  }
  return state.describe();
}

/** Checks that every endpoint's replay equals the truth, except for channels of which events were dropped. */
export function expectTruth(stack: Stack, clients: readonly StackClient[]): void {
  expect(stack.sender.faults).toEqual([]);
  for (const app of stack.applications) {
    const { dropped, forgotten } = stack.drops.read(app.id);
    expect(forgotten).toBe(0);
    for (const endpoint of app.endpoints) {
      const lost = new Set(
        dropped.filter((drop) => drop.endpoint === endpoint.id).map(({ channel }) => channel),
      );
      const counts = ({ channel }: { channel: string }): boolean => !lost.has(channel as never);
      const truth = filterBelief(truthOf(app.id, clients), endpoint, counts);
      const receiver = stack.receivers.get(endpoint.url);
      const message = `the state known to endpoint ${endpoint.id}`;
      for (const received of [receiver?.taken ?? [], receiver?.seen ?? []]) {
        const belief = replay(received.filter(counts), endpoint);
        assert.deepEqual(filterBelief(belief, endpoint, counts), truth, message);
      }
    }
  }
}

/** The part of it that the endpoint receives and that is compared, sorted. */
export function filterBelief(
  { occupied, members }: DescribedState,
  { channels, eventTypes }: Endpoint,
  counts: (event: { channel: string }) => boolean,
): DescribedState {
  const { startsWith = '', endsWith = '' } = channels;
  const isCompared = (channel: string): boolean =>
    channel.startsWith(startsWith) && channel.endsWith(endsWith) && counts({ channel });
  return {
    occupied: eventTypes.has('channel_occupied') ? occupied.filter(isCompared).toSorted() : [],
    members: eventTypes.has('member_added')
      ? members.filter((member) => isCompared(member.split(' ')[0] ?? '')).toSorted()
      : [],
  };
}

/**
 * Checks that every accepted client event reached each endpoint that selects it, once and in the order of its
 * channel.
 */
export function expectClientEvents(stack: Stack, clientEvents: readonly string[]): void {
  for (const app of stack.applications) {
    const { dropped } = stack.drops.read(app.id);
    for (const endpoint of app.endpoints) {
      if (!endpoint.eventTypes.has('client_event')) continue;
      for (const channel of ['private-room', 'presence-room']) {
        if (!channel.startsWith(endpoint.channels.startsWith ?? '')) continue;
        if (dropped.some((drop) => drop.endpoint === endpoint.id && drop.channel === channel)) continue;
        const head = `${app.id} ${channel} `;
        const expected = clientEvents
          .filter((line) => line.startsWith(head))
          .map((line) => line.slice(head.length));
        const taken = stack.receivers.get(endpoint.url)?.taken ?? [];
        const received = taken.filter((event) => event.name === 'client_event' && event.channel === channel);
        expect(received.map(({ data }) => data)).toEqual(expected);
      }
    }
  }
}
