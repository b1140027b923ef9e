import { formatMs, nameEvent } from './explain.ts';
import type { Matcher } from './match.ts';
import type { EmulatorEvent } from './records.ts';

/** So many events are named in a message. */
const mostNamed = 12;

/** What is known when something that was waited for has not come. */
export interface Disappointment {
  readonly matcher: Matcher;
  readonly events: readonly EmulatorEvent[];
  readonly nowMs: number;
  /** How long it was waited, and in what time. */
  readonly waited: string;
  /** The endpoints there are. */
  readonly endpoints: readonly string[];
}

/** Says what was seen instead, the most alike first, and what to do. */
export function reportMissing({ matcher, events, nowMs, waited, endpoints }: Disappointment): string {
  const matching = events.filter((event) => matcher.matches(event));
  const lines = [
    `no webhook with ${matcher.description} was delivered (${waited}; the clock is at ${formatMs(nowMs)}).`,
  ];
  if (matching.length > 0) lines.push('It happened, but:', ...list(matching));
  else if (events.length > 0) lines.push('Seen instead:', ...list(bySimilarity(events, matcher)));
  else lines.push('Nothing has happened since the start or the last reset: no client has subscribed.');
  lines.push(...advise(matching, endpoints));
  return lines.join('\n');
}

/** Says why something was sent that was not to be. */
export function reportUnexpected(matcher: Matcher, sent: readonly EmulatorEvent[]): string {
  const count = sent.length === 1 ? 'one was' : `${sent.length} were`;
  return [`expected no webhook with ${matcher.description}, but ${count} sent:`, ...list(sent)].join('\n');
}

function list(events: readonly EmulatorEvent[]): readonly string[] {
  const lines = events.slice(0, mostNamed).map((event) => `  - ${nameEvent(event)}: ${event.why}`);
  const more = events.length - lines.length;
  return more > 0 ? [...lines, `  ... and ${more} more (see events)`] : lines;
}

function bySimilarity(events: readonly EmulatorEvent[], matcher: Matcher): readonly EmulatorEvent[] {
  return events.toSorted((a, b) => matcher.likeness(b) - matcher.likeness(a));
}

function advise(matching: readonly EmulatorEvent[], endpoints: readonly string[]): readonly string[] {
  if (endpoints.length === 0) {
    return ['The app has no webhooks: give it some, such as webhooks: [{ url: receiver.url }].'];
  }
  const statuses = new Set(matching.map(({ status }) => status));
  if (statuses.has('filtered')) return ['Change eventTypes or channels of an endpoint to have it sent.'];
  if (statuses.has('suppressed')) {
    return ['Move the clock past the grace (clock.advance) before the client comes back to have it sent.'];
  }
  if (statuses.has('pending') || statuses.has('dropped')) {
    return ['See deliveries for what the endpoint answered; faults.clear() ends injected faults.'];
  }
  return [];
}
