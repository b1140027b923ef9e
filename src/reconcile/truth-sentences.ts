import { selectionOf, type Endpoint } from '../webhooks/endpoint.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { DropReason } from '../webhooks/delivery-facts.ts';
import type { LastSent } from '../webhooks/last-sent.ts';
import type { WaitingEvents } from '../dispatch/waiting.ts';

/** A time of day for people. The date is omitted if it is that of `now`. */
export function timeOf(ms: number, now: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().slice(0, -1).split('T');
  const [today] = new Date(now).toISOString().split('T');
  return date === today ? `${time} UTC` : `${date} ${time} UTC`;
}

/** Why nothing more is sent: the endpoint is disabled. */
const off = 'the endpoint is disabled, so it is not notified';

/** The subject has left, but may return within the grace period without any notification. */
export function lingers(
  { isEnabled }: Endpoint,
  isMember: boolean,
  { untilMs, nowMs }: { readonly untilMs: number; readonly nowMs: number },
): string {
  const who = isMember ? 'The user has left' : 'The last subscriber has left';
  const name = isMember ? 'member_removed' : 'channel_vacated';
  const grace = untilMs > nowMs ? `may return until ${timeOf(untilMs, nowMs)}` : 'has not returned in time';
  return `${who} and ${grace}; ${isEnabled ? `then ${name} follows` : off}`;
}

/** The endpoint has not got the event yet. */
export function waits(
  endpoint: Endpoint,
  queued: QueuedEvent,
  { batch, isFailing }: WaitingEvents,
  nowMs: number,
): string {
  const { name } = queued.event;
  const { heldSinceMs, isEnabled } = endpoint;
  if (heldSinceMs !== undefined) {
    return `${name} waits, because the endpoint has been paused since ${timeOf(heldSinceMs, nowMs)}`;
  }
  const failing = isFailing ? '; the endpoint is currently failing' : '';
  if (batch === undefined) return `${name} waits to be sent${failing}`;
  const { attempts, nextInMs } = batch;
  const last = isEnabled ? '' : ', the last one, because the endpoint is disabled';
  const state =
    nextInMs === undefined
      ? `attempt ${attempts} is in progress${last}`
      : `attempt ${attempts + 1} starts in ${seconds(nextInMs)}`;
  if (batch.events.includes(queued)) return `${name} is being delivered: ${state}${failing}`;
  return `${name} waits behind an earlier delivery of this channel: ${state}${failing}`;
}

const dropped: Readonly<Record<DropReason, string>> = {
  expired: 'the endpoint did not accept it in time',
  overflow: 'too much waited for the endpoint',
  shutdown: 'the server was stopped',
  disabled: 'the endpoint was disabled',
  undone: 'a later event cancelled it out',
};

/** Whether and how a loss is repaired. */
export interface Repair {
  readonly heals: boolean;
  readonly nowMs: number;
}

/** The endpoint will not get the event. */
export function lost({ why }: LastSent, name: string, { heals, nowMs }: Repair): string {
  const then = heals
    ? 'it is sent the true state once it accepts deliveries again'
    : 'it stays so until the endpoint is reconciled on request';
  if (why === undefined) return `${name} was dropped before the last start of the server; ${then}`;
  const at = timeOf(why.atMs, nowMs);
  if (why.kind === 'dropped') return `${name} was dropped at ${at}, because ${dropped[why.reason]}; ${then}`;
  const since = why.what === 'added' ? 'the endpoint was added' : 'the endpoint was changed to select it';
  return `It was there before ${since} at ${at}; ${then}`;
}

/** It is unknown what the endpoint believes. */
export function unknownBelief(sent: LastSent | undefined): string {
  if (sent !== undefined) {
    return 'The endpoint selected such events only at times, because its settings were changed: what it was last sent is not known';
  }
  return 'An event of this channel was dropped that is not remembered, before the server was started or beyond the bound of what is remembered: what the endpoint was last sent is not known';
}

/** The parts of the app's state that the endpoint does not select, so that they are not compared. */
export function limitsOf(endpoint: Endpoint, leftOut: number): readonly string[] {
  const { startsWith = '', endsWith = '' } = endpoint.channels;
  const limits: string[] = [];
  for (const [kind, name, comes, goes] of [
    ['channel', 'channels', 'channel_occupied', 'channel_vacated'],
    ['member', 'members', 'member_added', 'member_removed'],
  ] as const) {
    const selected = selectionOf(endpoint, kind);
    if (selected === 'part')
      limits.push(`It selects only one of ${comes} and ${goes}: ${name} are not compared.`);
    if (selected === 'nothing')
      limits.push(`It does not select ${comes} and ${goes}: ${name} are not compared.`);
  }
  const filters = [
    ...(startsWith === '' ? [] : [`start with '${startsWith}'`]),
    ...(endsWith === '' ? [] : [`end with '${endsWith}'`]),
  ];
  if (filters.length > 0) {
    const names = filters.join(' and ');
    limits.push(
      `It selects only channels whose names ${names}: ${leftOut} occupied ${leftOut === 1 ? 'channel is' : 'channels are'} left out.`,
    );
  }
  if (!endpoint.isEnabled)
    limits.push('It is disabled: new events are dropped, and nothing heals by itself.');
  return limits;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 100) / 10} s`;
}
