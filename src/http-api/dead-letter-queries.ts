import { unknownCursor, type LetterQuery } from '../ports/dead-letters.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { anyLength, describeChannelNameFault, isChannelName } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import {
  badRequest,
  isHttpError,
  notFound,
  serviceUnavailable,
  type HttpError,
} from '../protocol/http-error.ts';
import type { Limits } from '../protocol/limits.ts';
import { queryValue, type Query } from '../protocol/query.ts';
import { mostLettersOnPage } from '../views/dead-letters.ts';
import { lossReasons, type DeadLetter, type LetterAttempt } from '../webhooks/dead-letter.ts';
import { eventNames } from '../webhooks/event.ts';
import type { ApiAnswer } from './api-answer.ts';
import type { DeadLetterOffice } from '../delivery-log/dead-letter-office.ts';
import type { LocalApp } from '../apps/local-app.ts';

/** What the HTTP API needs of dead letters. */
export type Letters = Pick<
  DeadLetterOffice,
  'read' | 'find' | 'resend' | 'estimate' | 'recover' | 'recovery' | 'cancel'
>;

/** The letters are on another node, which this one cannot ask. */
export const lettersUnavailable: HttpError = serviceUnavailable(
  'Dropped deliveries are not known here: one of the nodes keeps those of all nodes. Ask the node whose /healthz contains "dropped":"kept here"',
  1,
);

const usualPage = 100;

const parameters: readonly string[] = [
  'endpoint',
  'reason',
  'channel',
  'event',
  'since',
  'until',
  'limit',
  'cursor',
];

/** A page of what the app's endpoints did not get, latest first. */
export async function listLetters(app: LocalApp, letters: Letters, query: Query): Promise<ApiAnswer> {
  const request = decodeQuery(query, app.config.limits);
  if (isHttpError(request)) return request;
  const page = await letters.read(app.config.id, request);
  if (isUnavailable(page)) return lettersUnavailable;
  if (page === unknownCursor) {
    return badRequest(
      `cursor must be the "next" of a page that this server has returned since it started, but got '${clip(request.cursor ?? '')}'. Omit it for the first page`,
    );
  }
  const { next, forgotten, keptSinceMs } = page;
  const rest = JSON.stringify({ forgotten, kept_since: keptSinceMs, next }).slice(1);
  return { json: `{"deliveries":[${page.letters.map(writeLetter).join(',')}],${rest}` };
}

/** One lost delivery. */
export async function showLetter(app: LocalApp, letters: Letters, id: string): Promise<ApiAnswer> {
  const letter = await letters.find(app.config.id, id);
  if (isUnavailable(letter)) return lettersUnavailable;
  return letter === undefined ? unknownLetter(id) : { json: writeLetter(letter) };
}

/** No letter has this id, or it is no longer kept. */
export function unknownLetter(id: string): HttpError {
  return notFound(`No dropped delivery '${clip(id)}' is kept: it was not dropped, or is no longer kept`);
}

/** Parses a time of day: milliseconds, or ISO 8601 with an offset. */
export function parseTimestamp(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text.toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
}

/** The accepted forms of a time. */
export const timestampForm = 'milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z';

function decodeQuery(query: Query, limits: Limits): LetterQuery | HttpError {
  const unknown = query.map(([key]) => key).find((key) => !isParameter(key));
  if (unknown !== undefined) {
    return badRequest(`Unknown parameter '${clip(unknown)}': expected one of ${parameters.join(', ')}`);
  }
  const reason = decodeWord(query, 'reason', lossReasons);
  if (isHttpError(reason)) return reason;
  const event = decodeWord(query, 'event', eventNames);
  if (isHttpError(event)) return event;
  const sinceMs = decodeMoment(query, 'since');
  if (isHttpError(sinceMs)) return sinceMs;
  const untilMs = decodeMoment(query, 'until');
  if (isHttpError(untilMs)) return untilMs;
  const limit = queryValue(query, 'limit');
  if (limit !== undefined && (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > mostLettersOnPage)) {
    return badRequest(
      `limit must be a whole number from 1 to ${mostLettersOnPage}, but got '${clip(limit)}'`,
    );
  }
  const channel = queryValue(query, 'channel');
  if (channel !== undefined && !isChannelName(channel, anyLength)) {
    return badRequest(describeChannelNameFault(channel, limits));
  }
  return {
    endpointId: queryValue(query, 'endpoint'),
    reason,
    channel,
    event,
    sinceMs,
    untilMs,
    limit: limit === undefined ? usualPage : Number(limit),
    cursor: queryValue(query, 'cursor'),
  };
}

/** The parameters of the signature are always accepted. */
function isParameter(key: string): boolean {
  return parameters.includes(key) || /^(auth_.*|body_md5)$/.test(key);
}

function decodeWord<Word extends string>(
  query: Query,
  key: string,
  words: readonly Word[],
): Word | HttpError | undefined {
  const given = queryValue(query, key);
  if (given === undefined) return undefined;
  const word = words.find((one) => one === given);
  return word ?? badRequest(`${key} must be one of ${words.join(', ')}, but got '${clip(given)}'`);
}

function decodeMoment(query: Query, key: string): number | HttpError | undefined {
  const given = queryValue(query, key);
  if (given === undefined) return undefined;
  return parseTimestamp(given) ?? badRequest(`${key} must be ${timestampForm}, but got '${clip(given)}'`);
}

/** The letter in the form of the API. Unknown fields are absent. */
function writeLetter(letter: DeadLetter): string {
  const { id, endpointId, reason, droppedAtMs, timeMs, events, attempts, attemptsMade } = letter;
  const head = JSON.stringify({
    id,
    endpoint: endpointId,
    reason,
    dropped_at: droppedAtMs,
    resends: letter.resends,
    resent_at: letter.resentAtMs,
    time_ms: timeMs,
  }).slice(0, -1);
  const tail = JSON.stringify({
    attempts_made: attemptsMade,
    attempts: attempts.map(describeLetterAttempt),
  }).slice(1);
  // The events are already JSON, in the form of a body.
  return `${head},"events":[${events.map(({ json }) => json).join(',')}],${tail}`;
}

function describeLetterAttempt(attempt: LetterAttempt): object {
  const { number, resend, timeMs, elapsedMs, result, status, error, answer } = attempt;
  return { number, resend, time_ms: timeMs, elapsed_ms: elapsedMs, result, status, error, answer };
}
