import type { DropReason } from './delivery-facts.ts';
import { isExpendable, type WebhookEvent } from './event.ts';

/** An event that changes whether a channel is occupied, or whether a user is a member of it. */
export type StateEvent = Extract<
  WebhookEvent,
  { readonly name: 'channel_occupied' | 'channel_vacated' | 'member_added' | 'member_removed' }
>;

/** Why an endpoint was not sent something. One object is shared by everything it applies to. */
export type NotSentReason =
  | {
      readonly kind: 'dropped';
      readonly reason: DropReason;
      readonly atMs: number;
      /** Whether the endpoint may have received it without answering in time. */
      readonly mayHaveArrived?: boolean;
    }
  /** It was so before the endpoint was added, or before it was changed to select such events, at this time of day. */
  | { readonly kind: 'before'; readonly what: 'added' | 'changed'; readonly atMs: number };

/** What an endpoint was last sent of a channel, or of a member of it. Only the owner may change it. */
export interface LastSent {
  /** Undefined if it is unknown what the endpoint was sent. */
  isThere: boolean | undefined;
  /** The sequence number of the event from which this is known. */
  seq: number;
  /** The sequence number of the latest event of the subject whose result is known, and what it stated. */
  lastSeq: number;
  lastIsThere: boolean | undefined;
  /** Why it was sent nothing else since; undefined if that happened in an earlier run of the process. */
  why: NotSentReason | undefined;
  /**
   * Whether it may have received a later event without answering in time. It is then sent the truth, whatever it has accepted.
   * Undefined: no.
   */
  mayKnowMore?: boolean | undefined;
}

/** Stands for the channel itself in place of a user id. No user has an empty id. */
export const itself = '';

/** Whether it is an event that changes the state. */
export function isStateEvent(event: WebhookEvent): event is StateEvent {
  return !isExpendable(event.name);
}

/** The subject of an event, and whether the event reports it as present. */
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
