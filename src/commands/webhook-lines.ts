import type { ReceivedWebhook } from '../receiver/types.ts';
import type { VerdictReason } from '../receiver/verdict.ts';
import { eventNames } from '../webhooks/event.ts';
import type { ReceivedEvent } from '../webhooks/received.ts';
import type { ReceiverState } from '../webhooks/replay.ts';
import type { Forwarded } from './forward.ts';
import type { Paint } from './paint.ts';
import { excerpt, printable } from './printable.ts';

const longestName = Math.max(...eventNames.map(({ length }) => length));

/** Counts over all received webhooks. */
export interface Tally {
  readonly webhooks: number;
  readonly verified: number;
  /** Webhooks that were verified, but not answered with 2xx. */
  readonly notAccepted: number;
  readonly duplicates: number;
  /** Webhooks that are not verified, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Accepted events, by name. */
  readonly events: ReadonlyMap<string, number>;
}

/** One webhook for a person: a head line, faults and notes, and its events. Ends with a line break. */
export function formatWebhook(webhook: ReceivedWebhook, paint: Paint): string {
  const { receivedAt, path, status, delayMs, verdict, events } = webhook;
  const time = new Date(receivedAt).toTimeString().slice(0, 8);
  const millis = String(receivedAt % 1000).padStart(3, '0');
  const judgement = verdict.verified
    ? paint.good('verified')
    : paint.bad(`not verified (${verdict.reason.replaceAll('_', ' ')})`);
  const answer =
    typeof status === 'number' ? `answered ${status}` : status === 'hang' ? 'no answer' : 'connection reset';
  const outcome = delayMs === 0 ? answer : `${answer} after ${delayMs} ms`;
  const isGood = typeof status === 'number' && status >= 200 && status < 300;
  const head = `${paint.dim(`${time}.${millis}`)} ${paint.bold(`POST ${printable(path)}`)} ${judgement}, ${isGood ? outcome : paint.bad(outcome)}${describeKind(webhook)}\n`;
  const why = verdict.verified ? '' : `  ${printable(verdict.message)}\n`;
  const origin = `  ${paint.dim(describeOrigin(webhook))}\n`;
  const body = verdict.verified || events.length > 0 ? '' : `  body: ${excerpt(webhook.body) || '(empty)'}\n`;
  return `${head}${why}${origin}${body}${events.map((event) => `  ${describeEvent(event, paint)}\n`).join('')}`;
}

/** The response of the backend to a forwarded webhook, with a hint. Ends with a line break. */
export function formatForwarded({ verdict }: ReceivedWebhook, forwarded: Forwarded, paint: Paint): string {
  const { url, elapsedMs } = forwarded;
  if ('error' in forwarded) return `  ${paint.bad(`${url}: ${printable(forwarded.error)}`)}\n`;
  const { status } = forwarded;
  const isTaken = status >= 200 && status < 300;
  const outcome = `${url} answered ${status} in ${elapsedMs} ms`;
  const line = `  ${isTaken ? outcome : paint.bad(outcome)}\n`;
  if (isTaken && !verdict.verified) {
    return `${line}  ${paint.bad(`The backend accepted a webhook that is not verified. ${whatToCheck(verdict.reason)}`)}\n`;
  }
  if (verdict.verified && (status === 401 || status === 403)) {
    return `${line}  ${paint.bad('The signature is correct. Does the backend have the same secret, and does it verify the raw body?')}\n`;
  }
  return line;
}

function whatToCheck(reason: VerdictReason): string {
  if (reason === 'too_old') return 'Does it compare time_ms with its clock?';
  if (reason === 'malformed') return 'Does it check the body?';
  return 'Does it verify signatures?';
}

function describeKind({ attempt, isDuplicate, isTest }: ReceivedWebhook): string {
  const marks = [
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(isDuplicate ? ['a duplicate of one that was accepted'] : []),
    ...(isTest ? ['a test, which does not count'] : []),
  ];
  return marks.length === 0 ? '' : `, ${marks.join(', ')}`;
}

function describeOrigin({ headers, id, body, timeMs, receivedAt }: ReceivedWebhook): string {
  const key = headers['x-pusher-key'];
  return [
    `key ${key === undefined ? '(none)' : printable(String(key))}`,
    `webhook-id ${id === undefined ? '(none)' : printable(id)}`,
    `${Buffer.byteLength(body)} bytes`,
    ...(timeMs === undefined ? [] : [describeAge(receivedAt - timeMs)]),
  ].join(', ');
}

function describeAge(ageMs: number): string {
  return ageMs < 0 ? `created ${-ageMs} ms in the future` : `created ${ageMs} ms ago`;
}

/** One event on a line: its name, its channel, and its other fields. */
function describeEvent(event: ReceivedEvent, paint: Paint): string {
  const head = `${paint.bold(event.name.padEnd(longestName))} ${printable(event.channel)}`;
  switch (event.name) {
    case 'channel_occupied':
    case 'channel_vacated':
    case 'cache_miss':
      return head;
    case 'member_added':
    case 'member_removed':
      return `${head}, user ${printable(event.user_id)}`;
    case 'subscription_count':
      return `${head}, ${event.subscription_count} subscribed`;
    case 'client_event': {
      const user = event.user_id === undefined ? '' : `, user ${printable(event.user_id)}`;
      return `${head}, ${printable(event.event)} from ${printable(event.socket_id)}${user}: ${excerpt(event.data)}`;
    }
  }
}

/** The summary for a person: the counts, and the resulting state. */
export function formatSummary(tally: Tally, state: ReceiverState, paint: Paint): string {
  const { webhooks, verified, notAccepted, duplicates, refused, events } = tally;
  const refusals = [...refused].map(([reason, count]) => `${count} ${reason.replaceAll('_', ' ')}`);
  const counts = [...events].map(([name, count]) => `${count} ${name}`);
  const members = Object.entries(state.members).map(
    ([channel, users]) => `  ${printable(channel)}: ${printable(users.join(', '))}\n`,
  );
  return [
    `\n${paint.bold(webhooks === 1 ? '1 webhook' : `${webhooks} webhooks`)}: ${verified} verified`,
    refusals.length === 0 ? '' : `, ${paint.bad(`not verified: ${refusals.join(', ')}`)}`,
    notAccepted === 0 ? '' : `, ${paint.bad(`${notAccepted} not accepted`)}`,
    duplicates === 0 ? '' : `, ${duplicates} duplicates`,
    `\naccepted events: ${counts.length === 0 ? 'none' : counts.join(', ')}\n`,
    `occupied: ${state.occupied.length === 0 ? 'no channel' : printable(state.occupied.join(', '))}\n`,
    members.length === 0 ? '' : `members:\n${members.join('')}`,
    ...state.contradictions.map((sentence) => `${paint.bad('contradiction')}: ${printable(sentence)}\n`),
  ].join('');
}
