import type { ChannelName } from '../protocol/channel-name.ts';
import type { BatchPolicy } from './backlog.ts';
import type { EventName } from './event.ts';

/** Which channels an endpoint hears of: those whose name has both the start and the end, if given. */
export interface ChannelFilter {
  readonly startsWith?: string | undefined;
  readonly endsWith?: string | undefined;
}

/** Where webhooks go. Two endpoints may have the same URL; the id tells them apart. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  /** A disabled one is sent nothing, and whatever it would have been sent is dropped with a record. */
  readonly isEnabled: boolean;
  readonly eventTypes: ReadonlySet<EventName>;
  readonly channels: ChannelFilter;
  /** Further headers, which cannot replace those of the protocol. */
  readonly headers: Readonly<Record<string, string>>;
  /** Requests also carry `webhook-signature`, as the Standard Webhooks specification has it. */
  readonly standardSignature?: boolean;
  /** After events were dropped it is sent what brings it back to the truth. */
  readonly reconcile?: boolean;
  /** It must be on the public internet, whatever its URL's name means. */
  readonly publicOnly?: boolean;
  /** How its events are put together; what is absent is as for all. */
  readonly batch?: { readonly [Key in keyof BatchPolicy]?: BatchPolicy[Key] | undefined } | undefined;
  /**
   * Time of day since which it is held, in milliseconds: no attempt begins, what happens waits, and the time of what
   * waits stands still. Absent: it is not held.
   */
  readonly heldSinceMs?: number | undefined;
  /** The hold before, likewise: a process that begins soon after it does not count it to the age of what it takes over. */
  readonly lastHold?: { readonly fromMs: number; readonly toMs: number } | undefined;
}

/** How the endpoint's events are put together: by what it says itself, else by what holds for all. */
export function batchPolicyOf({ batch = {} }: Pick<Endpoint, 'batch'>, forAll: BatchPolicy): BatchPolicy {
  return {
    maxEvents: batch.maxEvents ?? forAll.maxEvents,
    maxDelayMs: batch.maxDelayMs ?? forAll.maxDelayMs,
    maxBytes: batch.maxBytes ?? forAll.maxBytes,
  };
}

/** Of what an endpoint may hear that it is there or gone. */
export type SubjectKind = 'channel' | 'member';

const eventsOf: Readonly<Record<SubjectKind, readonly [EventName, EventName]>> = {
  channel: ['channel_occupied', 'channel_vacated'],
  member: ['member_added', 'member_removed'],
};

/** Whether the endpoint hears of both that such come and that they go, of one of the two, or of neither. */
export function hearsOf(
  { eventTypes }: Pick<Endpoint, 'eventTypes'>,
  kind: SubjectKind,
): 'all' | 'part' | 'nothing' {
  const [comes, goes] = eventsOf[kind];
  if (eventTypes.has(comes) !== eventTypes.has(goes)) return 'part';
  return eventTypes.has(comes) ? 'all' : 'nothing';
}

/** The same of such a channel. */
export function hears(
  endpoint: Pick<Endpoint, 'eventTypes' | 'channels'>,
  kind: SubjectKind,
  channel: ChannelName,
): 'all' | 'part' | 'nothing' {
  return passes(endpoint, channel) ? hearsOf(endpoint, kind) : 'nothing';
}

/** Whether the endpoint wants such an event of such a channel. */
export function selects(
  endpoint: Pick<Endpoint, 'eventTypes' | 'channels'>,
  name: EventName,
  channel: ChannelName,
): boolean {
  return endpoint.eventTypes.has(name) && passes(endpoint, channel);
}

/** Whether the endpoint hears of such a channel at all. */
export function passes({ channels }: Pick<Endpoint, 'channels'>, channel: ChannelName): boolean {
  const { startsWith = '', endsWith = '' } = channels;
  return channel.startsWith(startsWith) && channel.endsWith(endsWith);
}
