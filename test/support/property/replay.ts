import assert from 'node:assert/strict';
import { expect } from 'vitest';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import type { ReceivedEvent } from './fake-receivers.ts';
import type { Stack } from './stack.ts';
import type { StackClient } from './stack-client.ts';

/** What is true or believed: occupied channels, and `channel user` for every member. */
export interface Belief {
  readonly occupied: readonly string[];
  readonly members: readonly string[];
}

/** What the clients of one app are subscribed to. `holdsOf` returns the channels of one client. */
export function truthOf(
  appId: string,
  clients: readonly StackClient[],
  holdsOf = ({ holds }: StackClient): Iterable<readonly [string, string | undefined]> => holds,
): Belief {
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
 * fault.
 */
export function replay(events: readonly ReceivedEvent[], endpoint: Endpoint): Belief {
  const occupied = new Set<string>();
  const members = new Set<string>();
  const knowsChannels =
    endpoint.eventTypes.has('channel_occupied') && endpoint.eventTypes.has('channel_vacated');
  for (const { name, channel, user_id: userId = '' } of events) {
    const member = `${channel} ${userId}`;
    switch (name) {
      case 'channel_occupied':
        assert.ok(!occupied.has(channel), `${channel} is occupied twice`);
        occupied.add(channel);
        break;
      case 'channel_vacated':
        assert.ok(occupied.delete(channel), `${channel} is vacated, but was not occupied`);
        assert.ok(
          ![...members].some((one) => one.startsWith(`${channel} `)),
          `${channel} is vacated with members: ${[...members].join(', ')}`,
        );
        break;
      case 'member_added':
        assert.ok(!members.has(member), `${member} is added twice`);
        assert.ok(!knowsChannels || occupied.has(channel), `${member} is added to no channel`);
        members.add(member);
        break;
      case 'member_removed':
        assert.ok(members.delete(member), `${member} is removed, but was not there`);
        break;
    }
  }
  return { occupied: [...occupied], members: [...members] };
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
      const told = `the state known to endpoint ${endpoint.id}`;
      for (const received of [receiver?.taken ?? [], receiver?.seen ?? []]) {
        const belief = replay(received.filter(counts), endpoint);
        assert.deepEqual(filterBelief(belief, endpoint, counts), truth, told);
      }
    }
  }
}

/** The part of it that the endpoint receives and that is compared, sorted. */
export function filterBelief(
  { occupied, members }: Belief,
  { channels, eventTypes }: Endpoint,
  counts: (event: { channel: string }) => boolean,
): Belief {
  const { startsWith = '', endsWith = '' } = channels;
  const isHeard = (channel: string): boolean =>
    channel.startsWith(startsWith) && channel.endsWith(endsWith) && counts({ channel });
  return {
    occupied: eventTypes.has('channel_occupied') ? occupied.filter(isHeard).toSorted() : [],
    members: eventTypes.has('member_added')
      ? members.filter((member) => isHeard(member.split(' ')[0] ?? '')).toSorted()
      : [],
  };
}

/**
 * Checks that every accepted client event reached each endpoint that selects it, once and in the order of its
 * channel.
 */
export function expectSaid(stack: Stack, said: readonly string[]): void {
  for (const app of stack.applications) {
    const { dropped } = stack.drops.read(app.id);
    for (const endpoint of app.endpoints) {
      if (!endpoint.eventTypes.has('client_event')) continue;
      for (const channel of ['private-room', 'presence-room']) {
        if (!channel.startsWith(endpoint.channels.startsWith ?? '')) continue;
        if (dropped.some((drop) => drop.endpoint === endpoint.id && drop.channel === channel)) continue;
        const head = `${app.id} ${channel} `;
        const expected = said.filter((line) => line.startsWith(head)).map((line) => line.slice(head.length));
        const taken = stack.receivers.get(endpoint.url)?.taken ?? [];
        const heard = taken.filter((event) => event.name === 'client_event' && event.channel === channel);
        expect(heard.map(({ data }) => data)).toEqual(expected);
      }
    }
  }
}
