import { channelOf, memberKey, type Belief } from './truth.ts';

/** An event of a webhook as an endpoint received it. */
export interface ReceivedEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string;
  readonly atMs: number;
  readonly node: string;
  readonly delivery: string;
}

/** An event that contradicts what those before it have said. */
export interface Contradiction {
  readonly event: ReceivedEvent;
  readonly what: string;
}

export interface Replayed extends Belief {
  readonly contradictions: readonly Contradiction[];
}

/** What a backend believes that applied these events in their order. */
export function replay(events: readonly ReceivedEvent[]): Replayed {
  const occupied = new Set<string>();
  const members = new Set<string>();
  const contradictions: Contradiction[] = [];
  for (const event of events) {
    const { name, channel, user_id: userId = '' } = event;
    const member = memberKey(channel, userId);
    const expect = (isSo: boolean, what: string) => {
      if (!isSo) contradictions.push({ event, what });
    };
    switch (name) {
      case 'channel_occupied':
        expect(!occupied.has(channel), `${channel} is occupied twice`);
        occupied.add(channel);
        break;
      case 'channel_vacated':
        expect(occupied.delete(channel), `${channel} is vacated, but was not occupied`);
        expect(!hasMembers(members, channel), `${channel} is vacated with members`);
        break;
      case 'member_added':
        expect(!members.has(member), `${member} is added twice`);
        expect(occupied.has(channel), `${member} is added to a channel that is not occupied`);
        members.add(member);
        break;
      case 'member_removed':
        expect(members.delete(member), `${member} is removed, but was not there`);
        break;
    }
  }
  return { occupied, members, contradictions };
}

function hasMembers(members: ReadonlySet<string>, channel: string): boolean {
  for (const member of members) if (channelOf(member) === channel) return true;
  return false;
}
