import type { DeadLetters, LetterCount } from '../ports/dead-letters.ts';
import { unknownCursor } from '../ports/dead-letters.ts';
import type { Ids } from '../ports/ids.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { compareLetters, type DeadLetter } from '../webhooks/dead-letter.ts';
import type { Resender, Resent } from './resender.ts';

/** What recoveries need. */
export interface RecoveryOptions {
  readonly ids: Pick<Ids, 'webhookId'>;
  readonly letters: Pick<DeadLetters, 'read'>;
  readonly resender: Pick<Resender, 'resend'>;
}

/** Which letters to resend. */
export interface RecoveryPlan {
  readonly endpointId: string;
  /** Only letters that were lost at this time of day or later, in milliseconds; undefined means all that are kept. */
  readonly sinceMs: number | undefined;
}

/**
 * `running`; `finished`: every letter had its turn; `stopped`: the endpoint failed too often or cannot be sent anything;
 * `cancelled`: by request.
 */
export type RecoveryState = 'running' | 'finished' | 'stopped' | 'cancelled';

/** The progress of a recovery, in deliveries. */
export interface Recovery {
  readonly id: string;
  readonly endpointId: string;
  readonly state: RecoveryState;
  /** Why it stopped. */
  readonly cause: string | undefined;
  readonly matched: LetterCount;
  /** The endpoint accepted them. */
  readonly sent: number;
  readonly failed: number;
  /** They were no longer kept, or were already being sent, when it was their turn. */
  readonly skipped: number;
  readonly left: number;
}

/** The letters of a recovery, in the order of sending. */
interface Matched {
  readonly ids: readonly string[];
  readonly count: LetterCount;
}

type Running = { -readonly [Key in keyof Recovery]: Recovery[Key] };

/** How many failures in a row stop a recovery, because the endpoint is not available yet. */
const mostFailures = 3;

/** How many finished recoveries of an app are remembered. */
const remembered = 100;

const onePage = 1000;

/** Resends what an endpoint has lost, in the order in which it happened and one at a time. */
export class Recoveries {
  readonly #options: RecoveryOptions;
  /** By app, then by id; the earliest first. */
  readonly #apps = new Map<string, Map<string, Running>>();
  /** By app and endpoint. */
  readonly #busy = new Set<string>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** What a recovery would send. */
  async estimate(appId: string, plan: RecoveryPlan): Promise<LetterCount | Unavailable> {
    const matched = await this.#match(appId, plan);
    return isUnavailable(matched) ? matched : matched.count;
  }

  /** Starts a recovery, or returns that one of the endpoint is in progress. */
  async begin(appId: string, plan: RecoveryPlan): Promise<Recovery | 'under-way' | Unavailable> {
    const key = `${appId}\n${plan.endpointId}`;
    if (this.#busy.has(key)) return 'under-way';
    this.#busy.add(key);
    const matched = await this.#match(appId, plan);
    if (isUnavailable(matched)) {
      this.#busy.delete(key);
      return matched;
    }
    const recovery: Running = {
      id: this.#options.ids.webhookId().replace(/^msg_/, 'rec_'),
      endpointId: plan.endpointId,
      state: 'running',
      cause: undefined,
      matched: matched.count,
      sent: 0,
      failed: 0,
      skipped: 0,
      left: matched.ids.length,
    };
    this.#remember(appId, recovery);
    void this.#run(appId, recovery, matched.ids).finally(() => this.#busy.delete(key));
    return { ...recovery };
  }

  /** Undefined if there is none, or if it is no longer remembered. */
  find(appId: string, id: string): Recovery | undefined {
    const recovery = this.#apps.get(appId)?.get(id);
    return recovery && { ...recovery };
  }

  /** Stops sending; an attempt in progress is completed. Returns the progress. */
  cancel(appId: string, id: string): Recovery | undefined {
    const recovery = this.#apps.get(appId)?.get(id);
    if (recovery?.state === 'running') recovery.state = 'cancelled';
    return this.find(appId, id);
  }

  /** Cancels and forgets all recoveries of the app. */
  forget(appId: string): void {
    for (const id of this.#apps.get(appId)?.keys() ?? []) this.cancel(appId, id);
    this.#apps.delete(appId);
  }

  /** Cancels all recoveries. */
  stop(): void {
    for (const [appId, recoveries] of this.#apps) for (const id of recoveries.keys()) this.cancel(appId, id);
  }

  async #match(appId: string, { endpointId, sinceMs }: RecoveryPlan): Promise<Matched | Unavailable> {
    const found: Pick<DeadLetter, 'id' | 'timeMs' | 'turn'>[] = [];
    let events = 0;
    let cursor: string | undefined;
    do {
      const query = { endpointId, sinceMs, isOpen: true, limit: onePage, cursor };
      const page = await this.#options.letters.read(appId, query);
      if (isUnavailable(page)) return page;
      if (page === unknownCursor) throw new Error('a page of letters has an invalid cursor for the next one');
      for (const { id, timeMs, turn, events: held } of page.letters) {
        found.push({ id, timeMs, turn });
        events += held.length;
      }
      cursor = page.next;
    } while (cursor !== undefined);
    // Pages have the latest letters first. Of letters that were gathered together, the earlier one goes first.
    const ids = found
      .toReversed()
      .toSorted(compareLetters)
      .map(({ id }) => id);
    return { ids, count: { deliveries: ids.length, events } };
  }

  #remember(appId: string, recovery: Running): void {
    const recoveries = this.#apps.get(appId) ?? new Map<string, Running>();
    this.#apps.set(appId, recoveries);
    recoveries.set(recovery.id, recovery);
    const ended = [...recoveries.values()].filter(({ state }) => state !== 'running');
    for (const { id } of ended.slice(0, Math.max(0, ended.length - remembered))) recoveries.delete(id);
  }

  async #run(appId: string, recovery: Running, ids: readonly string[]): Promise<void> {
    let failuresInRow = 0;
    for (const id of ids) {
      const resent = await this.#resend(appId, id, recovery);
      if (resent === undefined) return;
      if (resent === 'gone' || resent === 'disabled' || resent === 'held' || isUnavailable(resent)) {
        return end(recovery, causeOf(resent));
      }
      recovery.left -= 1;
      if (typeof resent === 'string') recovery.skipped += 1;
      else if (resent.result === 'success') {
        recovery.sent += 1;
        failuresInRow = 0;
      } else {
        recovery.failed += 1;
        failuresInRow += 1;
      }
      if (failuresInRow === mostFailures) return end(recovery, `${mostFailures} attempts in a row failed`);
    }
    if (recovery.state === 'running') recovery.state = 'finished';
  }

  /** Waits for a place as long as necessary. Undefined if the recovery was cancelled before. */
  async #resend(appId: string, id: string, recovery: Recovery): Promise<Exclude<Resent, 'busy'> | undefined> {
    while (recovery.state === 'running') {
      const resent = await this.#options.resender.resend(appId, id);
      if (resent !== 'busy') return resent;
    }
    return undefined;
  }
}

function end(recovery: Running, cause: string): void {
  if (recovery.state !== 'running') return;
  recovery.state = 'stopped';
  recovery.cause = cause;
}

function causeOf(resent: 'gone' | 'disabled' | 'held' | Unavailable): string {
  if (resent === 'gone') return 'the endpoint is no longer configured';
  if (resent === 'disabled') return 'the endpoint is disabled';
  if (resent === 'held') return 'the endpoint is paused';
  return 'dropped deliveries are no longer known on this node';
}
