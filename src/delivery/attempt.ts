import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import { recordedFields, type AnswerFields, type AnswerListener } from './answer-reader.ts';
import type { OpenAnswers } from './open-answers.ts';

/** The dependencies of an attempt. */
export interface AttemptOptions {
  readonly clock: Clock;
  readonly timeoutMs: Millis;
  readonly openAnswers: OpenAnswers;
  /** Called once. */
  readonly settle: (outcome: Outcome) => void;
}

/**
 * How long to wait for the response body after the status line. Usually the body arrives with the status line or right after
 * it. Then it is recorded, and the connection is free for the next attempt.
 */
const bodyPatienceMs = 250;

/** The maximum size of a body that is read. */
const mostBodyBytes = 64 * 1024;

/** The maximum size of a body that is recorded. */
const mostKeptBytes = 4096;

/** The maximum length of a header field that is recorded. */
const mostFieldCharacters = 200;

const noBytes = Buffer.alloc(0);

/**
 * One attempt. It receives the response from the connection and determines the outcome.
 *
 * The status line decides, if it arrives in time: an endpoint that has acknowledged the events does not get them a second
 * time, whatever happens to the body. A slow body delays nothing: the attempt is settled, and the rest is read and discarded,
 * because some servers abort their work when the client closes the connection.
 */
export class HttpAttempt implements AnswerListener {
  readonly #options: AttemptOptions;
  readonly #deadline: Millis;
  /** Cancels the timer that waits for the status line, or later for the body. */
  #cancelWait: Cancel;
  #cut: (() => void) | undefined;
  #answer: (Outcome & { readonly kind: 'answered' }) | undefined;
  #bodyBytes = 0;
  #kept: Buffer = noBytes;
  /** Whether the timer for the body runs. */
  #isWaiting = false;
  #isSettled = false;
  #leaveOpenAnswers: (() => void) | undefined;

  constructor(options: AttemptOptions) {
    const { clock, timeoutMs } = options;
    this.#options = options;
    this.#deadline = clock.now() + timeoutMs;
    this.#cancelWait = clock.after(timeoutMs, () => this.#expire());
  }

  /** A connection serves the attempt, or is being established for it. `cut` closes that connection. */
  connected(cut: () => void): void {
    this.#cut = cut;
    // Connecting took too long.
    if (this.#isSettled) cut();
  }

  answered(status: number, fields: AnswerFields): void {
    if (!this.#isSettled) this.#answer = answerOf(status, fields);
  }

  received(chunk: Uint8Array): void {
    const missing = Math.max(0, mostKeptBytes - this.#bodyBytes);
    this.#bodyBytes += chunk.byteLength;
    if (missing > 0) this.#kept = Buffer.concat([this.#kept, chunk.subarray(0, missing)]);
    if (this.#bodyBytes > mostBodyBytes) this.#cut?.();
  }

  /** The response is complete. */
  ended(): void {
    this.failed(undefined);
  }

  /** The connection has failed or was never established. Nothing more will be received. */
  failed(error: unknown): void {
    this.#leaveOpenAnswers?.();
    this.#settle(this.#complete() ?? { kind: 'unreachable', code: codeOf(error) });
  }

  #expire(): void {
    this.#settle({ kind: 'timeout' });
    this.#cut?.();
  }

  /** No more bytes are available for now, and the response is incomplete. */
  waitForMore(): void {
    if (this.#isSettled || this.#answer === undefined || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#cancelWait();
    const { clock } = this.#options;
    const waitMs = Math.min(bodyPatienceMs, this.#deadline - clock.now());
    this.#cancelWait = clock.after(waitMs, () => this.#leaveOpen());
  }

  #leaveOpen(): void {
    const answer = this.#complete();
    if (answer !== undefined) this.#settle(answer);
    this.#leaveOpenAnswers = this.#options.openAnswers.add(() => this.#cut?.());
  }

  #complete(): Outcome | undefined {
    if (this.#answer === undefined || this.#kept.byteLength === 0) return this.#answer;
    return { ...this.#answer, body: this.#kept.toString('utf8') };
  }

  #settle(outcome: Outcome): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#cancelWait();
    this.#options.settle(outcome);
  }
}

function answerOf(status: number, fields: AnswerFields): Outcome & { readonly kind: 'answered' } {
  const retryAfterMs = parseRetryAfter(fields['retry-after']);
  const { location } = fields;
  const headers = recordedOf(fields);
  return {
    kind: 'answered',
    status,
    ...(headers && { headers }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(status >= 300 && status < 400 && location !== undefined && { location }),
  };
}

function recordedOf(fields: AnswerFields): Readonly<Record<string, string>> | undefined {
  let recorded: Record<string, string> | undefined;
  for (const name of recordedFields) {
    const value = fields[name];
    if (value !== undefined) (recorded ??= {})[name] = value.slice(0, mostFieldCharacters);
  }
  return recorded;
}

/** `Retry-After` in whole seconds. The other form, a date, depends on the endpoint's clock; the backoff applies instead. */
function parseRetryAfter(value: string | undefined): Millis | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

/** The system's error code for a missing response. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
