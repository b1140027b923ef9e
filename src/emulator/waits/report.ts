import { formatMs, nameEvent } from '../../recording/explain.ts';
import type { EventMatcher } from './match.ts';
import type { EmulatorEvent } from '../../recording/records.ts';

/** How many events a message lists. */
const mostNamed = 12;

/** The facts for the report of a wait that failed. */
export interface Disappointment extends Obstacles {
  readonly matcher: EventMatcher;
  readonly events: readonly EmulatorEvent[];
  readonly nowMs: number;
  /** How long the wait took, and in which time. */
  readonly waited: string;
  /** The event after which the wait looked at events. */
  readonly since: string;
  /** The endpoints of the app. */
  readonly endpoints: readonly string[];
  readonly clients: ClientCount;
  readonly isVirtual: boolean;
}

/** Which functions that clients and sockets need are replaced by a test framework. */
export interface FakedTimers {
  readonly setTimeout: boolean;
  readonly nextTick: boolean;
}

/** What may have kept clients from causing an event. */
export interface Obstacles {
  /** The refusals that clients received, one sentence each. */
  readonly refused: readonly string[];
  readonly faked: FakedTimers;
}

/** How many clients are and were connected. */
export interface ClientCount {
  readonly connected: number;
  /** How many the last reset closed with a code after which they do not reconnect. */
  readonly closedByReset: number;
}

/** Describes what was seen instead, most similar first, and what to do. */
export function reportMissing(disappointment: Disappointment): string {
  const { matcher, events, nowMs, waited } = disappointment;
  const matching = events.filter((event) => matcher.matches(event));
  const lines = [
    `no webhook with ${matcher.description} was delivered (${waited}; the clock is at ${formatMs(nowMs)}).`,
  ];
  if (matching.length > 0) lines.push('Such an event happened, but was not delivered:', ...list(matching));
  else if (events.length > 0) lines.push('Seen instead:', ...list(bySimilarity(events, matcher)));
  else lines.push(describeSilence(disappointment));
  if (matching.length === 0) lines.push(...disappointment.refused);
  lines.push(...adviseOnTimers(disappointment), ...advise(matching, disappointment));
  return lines.join('\n');
}

function describeSilence({ since, clients: { connected, closedByReset } }: Disappointment): string {
  const silence = `Nothing has happened since ${since}: no client has subscribed`;
  if (connected > 0) return `${silence}; connected: ${connected}.`;
  if (closedByReset === 0) return `${silence}, and none is connected.`;
  return `${silence}, and none is connected. The last reset closed ${closedByReset} with 4009, after which pusher-js does not reconnect by itself: create a new client in each test, call connect(), or use reset({ reconnect: true }).`;
}

/** Explains why an event was sent that must not be sent. */
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
    return ['The app has no endpoints: configure one, such as webhooks: [{ url: receiver.url }].'];
  }
  const statuses = new Set(matching.map(({ status }) => status));
  if (statuses.has('filtered')) return ['To have it sent, change eventTypes or channels of an endpoint.'];
  if (statuses.has('suppressed')) {
    return [
      'To have it sent, move the clock past the grace period (clock.advance) before the client returns.',
    ];
  }
  if (statuses.has('pending') || statuses.has('dropped')) {
    return [
      ...adviseOnEndpoint(matching, isVirtual),
      'See deliveries for the responses of the endpoint; faults.clear() clears injected faults.',
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
    lines.push('An endpoint rejects it: does it verify the raw bytes with the secret of this app?');
  }
  if (isVirtual && ends.some((end) => end?.outcome === 'timeout')) {
    lines.push(
      'The virtual clock does not wait for an endpoint that takes longer than patienceMs of real time to respond.',
    );
  }
  return lines;
}
