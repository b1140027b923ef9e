import { checkMatch, type EventPattern, type Matcher } from '../../webhooks/event-match.ts';
import type { EventName } from '../../webhooks/event.ts';
import { invalidArgument } from '../emulator-error.ts';
import type { EmulatorEvent } from '../../recording/records.ts';

/**
 * Which events are meant: by their fields, or by a function.
 *
 * @since 0.1.0
 */
export type EventMatch<Name extends EventName = EventName> =
  EventPattern<Name> | ((event: EmulatorEvent) => boolean);

/** A match for recorded events. */
export type EventMatcher = Matcher<EmulatorEvent>;

/** Checks a match from a test or a request. Throws an EmulatorError that states what is accepted. */
export function createMatcher(match: unknown): EventMatcher {
  const checked = checkMatch<EmulatorEvent>(match);
  if (checked.kind === 'wrong') throw invalidArgument(checked.reason);
  return checked.matcher;
}
