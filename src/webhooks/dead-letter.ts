import type { ChannelName } from '../protocol/channel-name.ts';
import { isObject, isText, parseJson } from '../protocol/json-value.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import {
  attemptResults,
  dropReasons,
  resultOf,
  type AttemptResult,
  type DropReason,
} from './delivery-facts.ts';
import { eventNames, type EventName } from './event.ts';

/** Why an endpoint lost events. `undone` is not a loss: without these events, the endpoint reaches the same state. */
export type LossReason = Exclude<DropReason, 'undone'>;

/** All reasons of losses. */
export const lossReasons: readonly LossReason[] = dropReasons.filter((reason) => reason !== 'undone');

/** An event of a dead letter. */
export interface LetterEvent {
  readonly name: EventName;
  readonly channel: ChannelName;
  /** The event as it appears in a body. */
  readonly json: string;
}

/** The result of one attempt. */
export interface LetterAttempt {
  /** Counted from 1, including resends. */
  readonly number: number;
  /** The number of the resend, counted from 1; undefined if the server made the attempt by itself. */
  readonly resend?: number;
  /** Time of day at which it started, in milliseconds. */
  readonly timeMs: number;
  readonly elapsedMs: number;
  readonly result: AttemptResult;
  /** The status of the response, if there was one. */
  readonly status?: number;
  /** The system's error code, if there was no response. */
  readonly error?: string;
  /** The beginning of the response body. */
  readonly answer?: string;
}

/** Events that an endpoint did not receive, in one body, with all attempts. */
export interface DeadLetter {
  /** The `webhook-id` of the delivery. Events that were not in a delivery yet get an id of their own. */
  readonly id: string;
  readonly appId: string;
  readonly endpointId: string;
  readonly reason: LossReason;
  /** Time of day of the loss, in milliseconds. */
  readonly droppedAtMs: number;
  /** `time_ms` of the body. The letters of an endpoint are in event order when sorted by this, then by `turn`. */
  readonly timeMs: number;
  /** Orders letters of the same millisecond. */
  readonly turn: number;
  readonly events: readonly LetterEvent[];
  /** The last attempts, oldest first. */
  readonly attempts: readonly LetterAttempt[];
  /** The number of all attempts, including those that are no longer kept. */
  readonly attemptsMade: number;
  /** How often it was resent. */
  readonly resends: number;
  /** Time of day at which the endpoint accepted a resend. */
  readonly resentAtMs: number | undefined;
}

/** How many attempts of a letter are kept. The earliest are removed first. */
const mostAttempts = 50;

/** How many characters of a response are kept. */
const mostAnswer = 4096;

/** The approximate memory of a letter, an event and an attempt in addition to their texts. */
const overheadBytes = { letter: 600, event: 100, attempt: 150 };

/** The record of a finished attempt. */
export function describeAttempt(
  outcome: Outcome,
  of: Pick<LetterAttempt, 'number' | 'resend' | 'timeMs' | 'elapsedMs'>,
): LetterAttempt {
  const attempt = { ...of, result: resultOf(outcome) };
  switch (outcome.kind) {
    case 'answered': {
      const { status, body } = outcome;
      return { ...attempt, status, ...(body !== undefined && { answer: body.slice(0, mostAnswer) }) };
    }
    case 'unreachable':
      return { ...attempt, error: outcome.code };
    case 'timeout':
      return attempt;
  }
}

/** Adds an attempt. The earliest are removed when there are too many. */
export function addAttempt(
  attempts: readonly LetterAttempt[],
  attempt: LetterAttempt,
): readonly LetterAttempt[] {
  return [...attempts, attempt].slice(-mostAttempts);
}

/** The letter after one more attempt. */
export function withAttempt(letter: DeadLetter, attempt: LetterAttempt): DeadLetter {
  const { attempts, attemptsMade, resends, resentAtMs } = letter;
  return {
    ...letter,
    attempts: addAttempt(attempts, attempt),
    attemptsMade: Math.max(attemptsMade, attempt.number),
    resends: Math.max(resends, attempt.resend ?? 0),
    resentAtMs: attempt.result === 'success' ? attempt.timeMs + attempt.elapsedMs : resentAtMs,
  };
}

/** The bytes of an attempt that count towards the bound. */
export function attemptBytes({ answer = '', error = '' }: LetterAttempt): number {
  return overheadBytes.attempt + Buffer.byteLength(answer) + error.length;
}

/** The bytes of a letter that count towards the bound. */
export function letterBytes({ events, attempts }: DeadLetter): number {
  const ofEvents = events.reduce((sum, { json }) => sum + overheadBytes.event + Buffer.byteLength(json), 0);
  return attempts.reduce((sum, attempt) => sum + attemptBytes(attempt), overheadBytes.letter + ofEvents);
}

/** Compares two letters of an endpoint by the order of their events. Negative if the first is earlier. */
export function compareLetters(
  one: Pick<DeadLetter, 'timeMs' | 'turn'>,
  other: Pick<DeadLetter, 'timeMs' | 'turn'>,
): number {
  return one.timeMs - other.timeMs || one.turn - other.turn;
}

/** The letter as JSON, for storage. */
export function encodeLetter(letter: DeadLetter): string {
  return JSON.stringify({ ...letter, events: letter.events.map(({ json }) => json) });
}

/** Reads what `encodeLetter` wrote. Undefined if the text has another form: another version of the program may have written it. */
export function parseLetter(text: string): DeadLetter | undefined {
  const fields = parseJson(text);
  if (!isObject(fields)) return undefined;
  const { id, appId, endpointId, droppedAtMs, timeMs, turn, attemptsMade, resends, resentAtMs, ...rest } =
    fields;
  const reason = lossReasons.find((one) => one === rest['reason']);
  const events = parseAll(rest['events'], parseEvent);
  const attempts = parseAll(rest['attempts'], parseAttempt);
  if (!isText(id) || !isText(appId) || !isText(endpointId)) return undefined;
  if (!isCount(droppedAtMs) || !isCount(timeMs) || !isCount(turn)) return undefined;
  if (!isCount(attemptsMade) || !isCount(resends)) return undefined;
  if (resentAtMs !== undefined && !isCount(resentAtMs)) return undefined;
  if (reason === undefined || attempts === undefined || events === undefined || events.length === 0)
    return undefined;
  return {
    id,
    appId,
    endpointId,
    reason,
    droppedAtMs,
    timeMs,
    turn,
    events,
    attempts,
    attemptsMade,
    resends,
    resentAtMs,
  };
}

function parseEvent(json: unknown): LetterEvent | undefined {
  if (!isText(json)) return undefined;
  const fields = parseJson(json);
  if (!isObject(fields)) return undefined;
  const name = eventNames.find((one) => one === fields['name']);
  const channel = fields['channel'];
  return name === undefined || !isChannel(channel) ? undefined : { name, channel, json };
}

function parseAttempt(value: unknown): LetterAttempt | undefined {
  if (!isObject(value)) return undefined;
  const { number, resend, timeMs, elapsedMs, status, error, answer, ...rest } = value;
  const result = attemptResults.find((one) => one === rest['result']);
  if (!isCount(number) || !isCount(timeMs) || !isCount(elapsedMs) || result === undefined) return undefined;
  if (!isOptional(resend, isCount) || !isOptional(status, isCount)) return undefined;
  if (!isOptional(error, isText) || !isOptional(answer, isText)) return undefined;
  return {
    number,
    timeMs,
    elapsedMs,
    result,
    ...(resend !== undefined && { resend }),
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error }),
    ...(answer !== undefined && { answer }),
  };
}

function parseAll<T>(values: unknown, parse: (value: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(values)) return undefined;
  const parsed: T[] = [];
  for (const value of values) {
    const one = parse(value);
    if (one === undefined) return undefined;
    parsed.push(one);
  }
  return parsed;
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}

/** The stored text was a valid channel name when it was written. */
function isChannel(value: unknown): value is ChannelName {
  return isText(value) && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
