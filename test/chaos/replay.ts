import { memberKey, WebhookState } from '../support/webhook-state.ts';
import type { Belief } from './truth.ts';

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

/** The state that follows from applying these events in order. Client events are checked elsewhere. */
export function replay(events: readonly ReceivedEvent[]): Replayed {
  const state = new WebhookState();
  const contradictions: Contradiction[] = [];
  /** When each channel and member was last mentioned. */
  const toldAt = new Map<string, number>();
  for (const event of events) {
    const { name, channel, user_id: userId = '' } = event;
    if (name !== 'client_event') {
      for (const { message, subjects } of state.apply(event)) {
        const times = subjects.map((subject) => toldAt.get(subject) ?? -Infinity);
        contradictions.push({ event, what: message, toldAtMs: Math.max(-Infinity, ...times) });
      }
    }
    toldAt.set(userId === '' ? channel : memberKey(channel, userId), event.atMs);
  }
  return { occupied: state.occupied, members: state.members, contradictions };
}
