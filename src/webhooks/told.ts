import type { DropReason } from './delivery-facts.ts';
import { isExpendable, type WebhookEvent } from './event.ts';

/** An event that says whether a channel is occupied, or a user a member of it. */
export type StateEvent = Extract<
  WebhookEvent,
  { readonly name: 'channel_occupied' | 'channel_vacated' | 'member_added' | 'member_removed' }
>;

/** Why an endpoint was not told something. One object for all of which it is true. */
export type Untold =
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly atMs: number }
  /** It was so before the endpoint was added, or before it was set to hear of it; then, at this time of day. */
  | { readonly kind: 'before'; readonly what: 'added' | 'changed'; readonly atMs: number };

/** What an endpoint was told last of a channel, or of a user on it. For the owner to change. */
export interface Told {
  /** Undefined: it is not known what it was told. */
  isThere: boolean | undefined;
  /** The place of the event that this is known from, in the order in which events happened. */
  seq: number;
  /** The place of the latest event of the subject of which it is known what became of it, and what it said. */
  lastSeq: number;
  lastIsThere: boolean | undefined;
  /** Why it was told nothing else since; undefined: that was in an earlier life of the process. */
  why: Untold | undefined;
}

/** In the place of a user: the channel itself. No user has an empty id. */
export const itself = '';

/** Whether it is an event of state. */
export function isStateEvent(event: WebhookEvent): event is StateEvent {
  return !isExpendable(event.name);
}

/** Of whom an event tells, and whether it says that it is there. */
export function readSubject(event: StateEvent): { readonly subject: string; readonly isThere: boolean } {
  switch (event.name) {
    case 'channel_occupied':
    case 'channel_vacated':
      return { subject: itself, isThere: event.name === 'channel_occupied' };
    case 'member_added':
    case 'member_removed':
      return { subject: event.userId, isThere: event.name === 'member_added' };
  }
}
