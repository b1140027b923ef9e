import { channelOf, memberKey, type Belief } from './truth.ts';

/** A webhook event as an endpoint received it. */
export interface ReceivedEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string;
  /** For a client event. */
  readonly data?: string;
  readonly atMs: number;
  readonly node: string;
  readonly delivery: string;
}

/** An event that contradicts earlier ones. */
export interface Contradiction {
  readonly event: ReceivedEvent;
  readonly what: string;
  /** When the contradicted event was received. */
  readonly toldAtMs: number;
}

export interface Replayed extends Belief {
  readonly contradictions: readonly Contradiction[];
}

/** The state that follows from applying these events in order. */
export function replay(events: readonly ReceivedEvent[]): Replayed {
  const occupied = new Set<string>();
  const members = new Set<string>();
  const contradictions: Contradiction[] = [];
  /** When each channel and member was last mentioned. */
  const toldAt = new Map<string, number>();
  for (const event of events) {
    const { name, channel, user_id: userId = '' } = event;
    const member = memberKey(channel, userId);
    const subject = userId === '' ? channel : member;
    const expect = (isSo: boolean, what: string, about: readonly string[] = [subject]) => {
      const toldAtMs = Math.max(-Infinity, ...about.map((one) => toldAt.get(one) ?? -Infinity));
      if (!isSo) contradictions.push({ event, what, toldAtMs });
    };
    switch (name) {
      case 'channel_occupied':
        expect(!occupied.has(channel), `${channel} is occupied twice`);
        occupied.add(channel);
        break;
      case 'channel_vacated': {
        expect(occupied.delete(channel), `${channel} is vacated, but was not occupied`);
        const left = membersOf(members, channel);
        expect(left.length === 0, `${channel} is vacated with ${left.join(', ')}`, left);
        break;
      }
      case 'member_added':
        expect(!members.has(member), `${member} is added twice`);
        expect(occupied.has(channel), `${member} is added to a channel that is not occupied`);
        members.add(member);
        break;
      case 'member_removed':
        expect(members.delete(member), `${member} is removed, but was not there`);
        break;
    }
    toldAt.set(subject, event.atMs);
  }
  return { occupied, members, contradictions };
}

function membersOf(members: ReadonlySet<string>, channel: string): string[] {
  return [...members].filter((member) => channelOf(member) === channel);
}
