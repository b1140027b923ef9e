import { formatMs, nameEvent } from '../../recording/explain.ts';
import type { EventMatcher } from './match.ts';
import type { EmulatorEvent } from '../../recording/records.ts';

/** So many events are named in a message. */
const mostNamed = 12;

/** What is known when something that was waited for has not come. */
export interface Disappointment extends Hindrances {
  readonly matcher: EventMatcher;
  readonly events: readonly EmulatorEvent[];
  readonly nowMs: number;
  /** How long it was waited, and in what time. */
  readonly waited: string;
  /** From when on events were looked at. */
  readonly since: string;
  /** The endpoints there are. */
  readonly endpoints: readonly string[];
  readonly clients: ClientCount;
  readonly isVirtual: boolean;
}

/** Which functions that clients and sockets need a test framework has replaced. */
export interface FakedTimers {
  readonly setTimeout: boolean;
  readonly nextTick: boolean;
}

/** What may have kept clients from causing an event. */
export interface Hindrances {
  /** What clients were refused, one sentence each. */
  readonly refused: readonly string[];
  readonly faked: FakedTimers;
}

/** How many clients there are, and were. */
export interface ClientCount {
  readonly connected: number;
  /** How many the last reset closed with a code on which they do not come back. */
  readonly sentAway: number;
}

/** Says what was seen instead, the most alike first, and what to do. */
export function reportMissing(disappointment: Disappointment): string {
  const { matcher, events, nowMs, waited } = disappointment;
  const matching = events.filter((event) => matcher.matches(event));
  const lines = [
    `no webhook with ${matcher.description} was delivered (${waited}; the clock is at ${formatMs(nowMs)}).`,
  ];
  if (matching.length > 0) lines.push('It happened, but:', ...list(matching));
  else if (events.length > 0) lines.push('Seen instead:', ...list(bySimilarity(events, matcher)));
  else lines.push(describeSilence(disappointment));
  if (matching.length === 0) lines.push(...disappointment.refused);
  lines.push(...adviseOnTimers(disappointment), ...advise(matching, disappointment));
  return lines.join('\n');
}

function describeSilence({ since, clients: { connected, sentAway } }: Disappointment): string {
  const silence = `Nothing has happened since ${since}: no client has subscribed`;
  if (connected > 0) return `${silence}; connected: ${connected}.`;
  if (sentAway === 0) return `${silence}, and none is connected.`;
  return `${silence}, and none is connected. The last reset closed ${sentAway} with 4009, on which pusher-js does not come back by itself: make a new client in each test, call connect(), or reset({ reconnect: true }).`;
}

/** Says why something was sent that was not to be. */
export function reportUnexpected(matcher: EventMatcher, sent: readonly EmulatorEvent[]): string {
  const count = sent.length === 1 ? 'one was' : `${sent.length} were`;
  return [`expected no webhook with ${matcher.description}, but ${count} sent:`, ...list(sent)].join('\n');
}

function list(events: readonly EmulatorEvent[]): readonly string[] {
  const lines = events.slice(0, mostNamed).map((event) => `  - ${nameEvent(event)}: ${event.why}`);
  const more = events.length - lines.length;
  return more > 0 ? [...lines, `  ... and ${more} more (see events)`] : lines;
}

function bySimilarity(events: readonly EmulatorEvent[], matcher: EventMatcher): readonly EmulatorEvent[] {
  return events.toSorted((a, b) => matcher.likeness(b) - matcher.likeness(a));
}

function advise(
  matching: readonly EmulatorEvent[],
  { endpoints, isVirtual }: Disappointment,
): readonly string[] {
  if (endpoints.length === 0) {
    return ['The app has no webhooks: give it some, such as webhooks: [{ url: receiver.url }].'];
  }
  const statuses = new Set(matching.map(({ status }) => status));
  if (statuses.has('filtered')) return ['Change eventTypes or channels of an endpoint to have it sent.'];
  if (statuses.has('suppressed')) {
    return ['Move the clock past the grace (clock.advance) before the client comes back to have it sent.'];
  }
  if (statuses.has('pending') || statuses.has('dropped')) {
    return [
      ...adviseOnEndpoint(matching, isVirtual),
      'See deliveries for what the endpoint answered; faults.clear() ends injected faults.',
    ];
  }
  return [];
}

function adviseOnTimers({ faked: { setTimeout, nextTick } }: Disappointment): readonly string[] {
  if (nextTick) {
    return [
      "process.nextTick is faked: no socket of this process works. Leave it real, for instance by useFakeTimers({ toNotFake: ['nextTick', 'queueMicrotask'] }).",
    ];
  }
  if (!setTimeout) return [];
  return [
    "setTimeout is faked: pusher-js cannot send. Leave it real, for instance by vi.useFakeTimers({ toFake: ['Date'] }).",
  ];
}

function adviseOnEndpoint(matching: readonly EmulatorEvent[], isVirtual: boolean): readonly string[] {
  const ends = matching.flatMap(({ endpoints }) => endpoints.map(({ lastAttempt }) => lastAttempt));
  const lines: string[] = [];
  if (ends.some((end) => end?.status === 401 || end?.status === 403)) {
    lines.push('An endpoint refuses it: does it verify with the secret of this app, over the raw bytes?');
  }
  if (isVirtual && ends.some((end) => end?.outcome === 'timeout')) {
    lines.push(
      'The virtual clock moves on without an endpoint that takes longer than patienceMs of real time to answer.',
    );
  }
  return lines;
}
