import type { ChannelName } from '../protocol/channel-name.ts';
import type { BatchPolicy } from './backlog.ts';
import type { EventName } from './event.ts';

/** The channels that an endpoint selects: those whose name has both the given start and the given end. */
export interface ChannelFilter {
  readonly startsWith?: string | undefined;
  readonly endsWith?: string | undefined;
}

/** A destination of webhooks. Two endpoints may have the same URL; the id distinguishes them. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  /** Whether webhooks are sent. The events of a disabled endpoint are dropped, with a record. */
  readonly isEnabled: boolean;
  readonly eventTypes: ReadonlySet<EventName>;
  readonly channels: ChannelFilter;
  /** Additional headers, which cannot replace those of the protocol. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether requests also contain `webhook-signature`, as in the Standard Webhooks specification. */
  readonly standardSignature?: boolean;
  /** Whether the endpoint is sent events that bring it back to the truth after events were dropped. */
  readonly reconcile?: boolean;
  /** Whether the endpoint must be on the public internet, whatever its host name resolves to. */
  readonly publicOnly?: boolean;
  /** How its events are batched. A missing value is the one for all endpoints. */
  readonly batch?: { readonly [Key in keyof BatchPolicy]?: BatchPolicy[Key] | undefined } | undefined;
  /**
   * Time of day since which the endpoint is held, in milliseconds: no attempt begins, new events wait, and waiting events do not
   * age. Absent if it is not held.
   */
  readonly heldSinceMs?: number | undefined;
  /** The previous holds as one. A process that starts soon after does not count them towards the age of the events it takes over. */
  readonly lastHold?: { readonly fromMs: number; readonly toMs: number } | undefined;
}

/** The events that an endpoint selects. */
export type Selection = Pick<Endpoint, 'eventTypes' | 'channels'>;

/** The batch policy of an endpoint: its own values, or else those for all endpoints. */
export function batchPolicyOf({ batch = {} }: Pick<Endpoint, 'batch'>, forAll: BatchPolicy): BatchPolicy {
  return {
    maxEvents: batch.maxEvents ?? forAll.maxEvents,
    maxDelayMs: batch.maxDelayMs ?? forAll.maxDelayMs,
    maxBytes: batch.maxBytes ?? forAll.maxBytes,
  };
}

/** The kinds of subjects that webhooks report as present or absent. */
export type SubjectKind = 'channel' | 'member';

const eventsOf: Readonly<Record<SubjectKind, readonly [EventName, EventName]>> = {
  channel: ['channel_occupied', 'channel_vacated'],
  member: ['member_added', 'member_removed'],
};

/** Whether the endpoint selects both events of a kind (present and absent), one of them, or neither. */
export function selectionOf(
  { eventTypes }: Pick<Endpoint, 'eventTypes'>,
  kind: SubjectKind,
): 'all' | 'part' | 'nothing' {
  const [comes, goes] = eventsOf[kind];
  if (eventTypes.has(comes) !== eventTypes.has(goes)) return 'part';
  return eventTypes.has(comes) ? 'all' : 'nothing';
}

/** The same for a subject on this channel. */
export function selectionAt(
  endpoint: Pick<Endpoint, 'eventTypes' | 'channels'>,
  kind: SubjectKind,
  channel: ChannelName,
): 'all' | 'part' | 'nothing' {
  return passes(endpoint, channel) ? selectionOf(endpoint, kind) : 'nothing';
}

/** Whether the endpoint selects such an event of this channel. */
export function selects(
  endpoint: Pick<Endpoint, 'eventTypes' | 'channels'>,
  name: EventName,
  channel: ChannelName,
): boolean {
  return endpoint.eventTypes.has(name) && passes(endpoint, channel);
}

/** Whether the endpoint's filter accepts this channel. */
export function passes({ channels }: Pick<Endpoint, 'channels'>, channel: ChannelName): boolean {
  const { startsWith = '', endsWith = '' } = channels;
  return channel.startsWith(startsWith) && channel.endsWith(endsWith);
}

/** Whether it selects both events of such a subject on this channel, and the one before did not; undefined: there was none before. */
export function selectsNewly(
  after: Selection,
  before: Selection | undefined,
  kind: SubjectKind,
  channel: ChannelName,
): boolean {
  if (selectionAt(after, kind, channel) !== 'all') return false;
  return before === undefined || selectionAt(before, kind, channel) !== 'all';
}

/** Whether everything that the second one selects is also selected by the first one. */
export function selectionContains(outer: Selection, inner: Selection): boolean {
  const { startsWith = '', endsWith = '' } = outer.channels;
  const { startsWith: innerStart = '', endsWith: innerEnd = '' } = inner.channels;
  if (!innerStart.startsWith(startsWith) || !innerEnd.endsWith(endsWith)) return false;
  return [...inner.eventTypes].every((name) => outer.eventTypes.has(name));
}

/** Whether both select the same. */
export function selectSame(one: Selection, other: Selection): boolean {
  return selectionContains(one, other) && selectionContains(other, one);
}
