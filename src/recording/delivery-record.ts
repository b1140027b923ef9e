import type { Delivery } from '../app/resender.ts';
import type { Millis } from '../ports/clock.ts';
import type { Outcome, WebhookRequest } from '../ports/webhook-sender.ts';
import type { Attempt } from '../webhooks/attempt.ts';
import type { LetterAttempt } from '../webhooks/dead-letter.ts';
import { resultOf, type DropReason } from '../webhooks/delivery-facts.ts';
import type { WebhookEventFields } from '../webhooks/event-fields.ts';
import type { AttemptEnd, DeliveryAttempt, EmulatorDelivery } from './records.ts';
import type { Numbered } from './ring.ts';

/** What is known of a delivery when it is first heard of. */
interface Beginning {
  readonly attempt: Attempt;
  /** Of its events, those that are recorded. */
  readonly eventIds: readonly number[];
  /** Its place in the order of deliveries. */
  readonly seq: number;
  /** How many before it were not recorded. */
  readonly skippedBefore: number;
}

/** When something was, on the clock and by the time of day. */
export interface Moment {
  readonly atMs: Millis;
  readonly timeMs: number;
}

/** The body of a webhook, which this program wrote. */
interface SentBody {
  readonly time_ms: number;
  readonly events: readonly WebhookEventFields[];
}

/** An attempt as it is kept. */
export interface RecordedAttempt extends Moment {
  readonly number: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Which resend it was; undefined: none. */
  readonly resend: number | undefined;
  /** Undefined: it is under way. */
  elapsedMs: Millis | undefined;
  end: AttemptEnd | undefined;
}

/** So many attempts of a delivery are kept: the earliest give way. */
const mostAttempts = 100;

/** What a record and an attempt take beside their texts, roughly. */
const overheadBytes = { record: 1200, attempt: 500 };

/** What is known of one delivery. */
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
  #fate: 'delivered' | DropReason | undefined;
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

  /** Delivered or why not; undefined: it is not decided. */
  get fate(): 'delivered' | DropReason | undefined {
    return this.#fate;
  }

  /** Time of day of the next attempt, if one is due. */
  get nextAttemptAt(): number | undefined {
    return this.#nextAttemptAt;
  }

  /** Whether it was sent again on demand. */
  get isResent(): boolean {
    return this.#isResent;
  }

  /** Time of day of the first attempt that is kept. */
  get beganAtMs(): number | undefined {
    return this.#attempts[0]?.timeMs;
  }

  /** The attempts that are kept, the first first. */
  get attempts(): readonly RecordedAttempt[] {
    return this.#attempts;
  }

  /** The body, the same in each attempt. */
  get body(): string {
    return Buffer.from(this.#body.buffer, this.#body.byteOffset, this.#body.byteLength).toString('utf8');
  }

  /** Read from the body each time: to keep thousands of small objects alive would cost more than all else that is recorded. */
  get events(): readonly WebhookEventFields[] {
    return this.#sent.events;
  }

  begin({ number, request }: Attempt, at: Moment): void {
    this.#url = request.url;
    this.#nextAttemptAt = undefined;
    const { atMs, timeMs } = at;
    const { headers } = request;
    this.#keep({ number, atMs, timeMs, headers, resend: undefined, elapsedMs: undefined, end: undefined });
  }

  /** Says when the next attempt is due, if one is. */
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

  /** An attempt was made on demand. */
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

  /** What another attempt on demand needs: of it the same body is made again. */
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

  /** All of it, with times on the clock. */
  describe(): EmulatorDelivery {
    const fate = this.#fate;
    return {
      id: this.id,
      appId: this.appId,
      endpoint: this.endpoint,
      url: this.#url,
      ...(fate === undefined || fate === 'delivered'
        ? { status: fate ?? 'pending' }
        : { status: 'dropped', reason: fate }),
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
    if (this.#attempts.length <= mostAttempts) return;
    const first = this.#attempts.shift();
    if (first !== undefined) this.#bytes -= sizeOf(first);
  }
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

/** The outcome as it is recorded. */
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

/** A small body is a part of a larger piece of memory, which the record would keep alive as a whole. */
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
