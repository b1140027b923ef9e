import type { Delivery } from '../delivery-log/resender.ts';
import type { Millis } from '../ports/clock.ts';
import type { Outcome, WebhookRequest } from '../ports/webhook-sender.ts';
import type { Attempt } from '../webhooks/attempt.ts';
import type { LetterAttempt } from '../webhooks/dead-letter.ts';
import { resultOf, type DropReason } from '../webhooks/delivery-facts.ts';
import type { WebhookEventFields } from '../webhooks/event-fields.ts';
import type { AttemptEnd, DeliveryAttempt, EmulatorDelivery, Moved } from './records.ts';
import type { Numbered } from './ring.ts';

/** The facts about a delivery at its first attempt. */
interface Beginning {
  readonly attempt: Attempt;
  /** The ids of those of its events that are recorded. */
  readonly eventIds: readonly number[];
  /** Its number in the order of deliveries. */
  readonly seq: number;
  /** How many earlier deliveries were not recorded. */
  readonly skippedBefore: number;
}

/** A time on the server's clock, and in milliseconds since 1970. */
export interface Moment {
  readonly atMs: Millis;
  readonly timeMs: number;
}

/** The body of a webhook, as this server writes it. */
interface SentBody {
  readonly time_ms: number;
  readonly events: readonly WebhookEventFields[];
}

/** A recorded attempt. */
export interface RecordedAttempt extends Moment {
  readonly number: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The number of the resend, or undefined if it was not a resend. */
  readonly resend: number | undefined;
  /** Undefined while the attempt is in progress. */
  elapsedMs: Millis | undefined;
  end: AttemptEnd | undefined;
}

/** Delivered, the reason of the drop, or moved. */
type Fate = 'delivered' | DropReason | Moved;

/** The state of a delivery, or of an event at an endpoint. */
export interface RecordedOutcome {
  readonly status: 'pending' | 'delivered' | 'dropped' | Moved;
  readonly reason?: DropReason;
}

/** The most attempts of a delivery that are kept. The earliest are deleted first. */
const maxAttempts = 100;

/** The approximate memory of a record and of an attempt without their texts. */
const overheadBytes = { record: 1200, attempt: 500 };

/** The record of one delivery. */
export class DeliveryRecord implements Numbered {
  readonly id: string;
  readonly appId: string;
  readonly endpoint: string;
  readonly seq: number;
  readonly skippedBefore: number;
  readonly eventIds: readonly number[];
  readonly eventCount: number;
  readonly #body: Uint8Array;
  readonly #attempts: RecordedAttempt[] = [];
  #url: string;
  #fate: Fate | undefined;
  #nextAttemptAt: number | undefined;
  #isResent = false;
  #bytes: number;

  constructor({ attempt, eventIds, seq, skippedBefore }: Beginning) {
    const { appId, webhookId, endpoint, request, events } = attempt;
    this.id = webhookId;
    this.appId = appId;
    this.endpoint = endpoint.id;
    this.seq = seq;
    this.skippedBefore = skippedBefore;
    this.eventIds = eventIds;
    this.eventCount = events.length;
    this.#url = request.url;
    this.#body = ownCopy(request.body);
    this.#bytes = overheadBytes.record + request.body.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get url(): string {
    return this.#url;
  }

  /** Its state, with the reason if it was dropped. */
  get outcome(): RecordedOutcome {
    return statusOf(this.#fate);
  }

  /** When the next attempt is due, in milliseconds since 1970. */
  get nextAttemptAt(): number | undefined {
    return this.#nextAttemptAt;
  }

  /** Whether it was resent. */
  get isResent(): boolean {
    return this.#isResent;
  }

  /** When the first kept attempt began, in milliseconds since 1970. */
  get beganAtMs(): number | undefined {
    return this.#attempts[0]?.timeMs;
  }

  /** The kept attempts in their order. */
  get attempts(): readonly RecordedAttempt[] {
    return this.#attempts;
  }

  /** The body, which is the same in each attempt. */
  get body(): string {
    return Buffer.from(this.#body.buffer, this.#body.byteOffset, this.#body.byteLength).toString('utf8');
  }

  /** Parsed from the body each time, because keeping thousands of small objects would take more memory than all other records. */
  get events(): readonly WebhookEventFields[] {
    return this.#sent.events;
  }

  begin({ number, request }: Attempt, at: Moment): void {
    this.#url = request.url;
    this.#nextAttemptAt = undefined;
    if (this.#fate === 'moved') this.#fate = undefined;
    const { atMs, timeMs } = at;
    const { headers } = request;
    this.#keep({ number, atMs, timeMs, headers, resend: undefined, elapsedMs: undefined, end: undefined });
  }

  /** Records the end of an attempt, and when the next one is due. */
  end({ number }: Attempt, end: AttemptEnd, at: Moment & { readonly retryInMs: Millis | undefined }): void {
    const { atMs, timeMs, retryInMs } = at;
    this.#nextAttemptAt = retryInMs === undefined ? undefined : timeMs + retryInMs;
    const begun = this.#attempts.findLast((attempt) => attempt.number === number);
    if (begun === undefined) return;
    begun.elapsedMs = atMs - begun.atMs;
    this.#bytes -= sizeOf(begun);
    begun.end = end;
    this.#bytes += sizeOf(begun);
  }

  /** Records the attempt of a resend. */
  resent(
    attempt: LetterAttempt,
    { atMs, request }: { readonly atMs: Millis; readonly request: WebhookRequest },
  ): void {
    const { number, resend, timeMs, elapsedMs, result, status, answer, error } = attempt;
    const { headers } = request;
    this.#isResent = true;
    const end = {
      outcome: result,
      ...(status !== undefined && { status }),
      ...(answer !== undefined && { answer }),
      ...(error !== undefined && { error }),
    };
    this.#keep({ number, atMs, timeMs, headers, resend, elapsedMs, end });
  }

  decide(fate: 'delivered' | DropReason): void {
    this.#fate = fate;
    this.#nextAttemptAt = undefined;
  }

  /** Records that the next process decides it, unless this one has. */
  leave(): void {
    this.#fate ??= 'moved';
    this.#nextAttemptAt = undefined;
  }

  /** Records that it continues here. The next attempt begins at this time, in milliseconds since 1970. */
  resume(nextAttemptAt: number): void {
    if (this.#fate === 'moved') this.#fate = undefined;
    this.#nextAttemptAt = nextAttemptAt;
  }

  /** What a resend needs to make the same body again. */
  get delivery(): Delivery {
    const { time_ms: timeMs, events } = this.#sent;
    return {
      appId: this.appId,
      endpointId: this.endpoint,
      id: this.id,
      timeMs,
      events: events.map((event) => JSON.stringify(event)),
      attemptsMade: this.#attempts.reduce((most, { number }) => Math.max(most, number), 0),
      resends: this.#attempts.reduce((most, { resend = 0 }) => Math.max(most, resend), 0),
    };
  }

  /** The whole record, with times on the server's clock. */
  describe(): EmulatorDelivery {
    const { outcome } = this;
    return {
      id: this.id,
      appId: this.appId,
      endpoint: this.endpoint,
      url: this.#url,
      ...outcome,
      status: here(outcome.status),
      eventIds: this.eventIds,
      body: this.body,
      attempts: this.#attempts.map(describeAttempt),
    };
  }

  get #sent(): SentBody {
    const sent: SentBody = JSON.parse(this.body);
    return sent;
  }

  #keep(attempt: RecordedAttempt): void {
    this.#attempts.push(attempt);
    this.#bytes += sizeOf(attempt);
    if (this.#attempts.length <= maxAttempts) return;
    const first = this.#attempts.shift();
    if (first !== undefined) this.#bytes -= sizeOf(first);
  }
}

/** The state that follows from a fate, which is undefined while nothing is decided. */
export function statusOf(fate: Fate | undefined): RecordedOutcome {
  if (fate === undefined) return { status: 'pending' };
  return fate === 'delivered' || fate === 'moved' ? { status: fate } : { status: 'dropped', reason: fate };
}

/** The status for an emulator, which has no other nodes: what is not decided is pending. */
export function here<Status extends string>(status: Status | Moved): Status | 'pending' {
  return isMoved(status) ? 'pending' : status;
}

function isMoved(status: string): status is Moved {
  return status === 'moved';
}

function describeAttempt({
  number,
  atMs,
  timeMs,
  elapsedMs,
  headers,
  end,
}: RecordedAttempt): DeliveryAttempt {
  return {
    number,
    atMs,
    timeMs,
    ...(elapsedMs !== undefined && { elapsedMs }),
    ...(end ?? { outcome: 'pending' }),
    headers,
  };
}

/** The outcome in the form of a record. */
export function endOf(outcome: Outcome): AttemptEnd {
  switch (outcome.kind) {
    case 'answered': {
      const { status, headers, body } = outcome;
      return {
        outcome: resultOf(outcome),
        status,
        ...(headers && { answerHeaders: headers }),
        ...(body !== undefined && { answer: body }),
      };
    }
    case 'timeout':
      return { outcome: 'timeout' };
    case 'unreachable':
      return { outcome: 'unreachable', error: outcome.code };
  }
}

/** Copies a small body out of its larger buffer, because the record would otherwise keep the whole buffer alive. */
function ownCopy(body: Uint8Array): Uint8Array {
  return body.buffer.byteLength > body.byteLength ? new Uint8Array(body) : body;
}

function sizeOf({ headers, end }: RecordedAttempt): number {
  return (
    overheadBytes.attempt +
    (end?.answer?.length ?? 0) +
    sizeOfFields(headers) +
    sizeOfFields(end?.answerHeaders)
  );
}

function sizeOfFields(fields: Readonly<Record<string, string>> = {}): number {
  let size = 0;
  for (const name in fields) size += 32 + name.length + (fields[name]?.length ?? 0);
  return size;
}
