import { RefusalCounts } from '../admin/overview.ts';
import { KeyUses } from '../app/key-uses.ts';
import type { ResentFact } from '../app/resender.ts';
import type { DashboardConfig } from '../config/dashboard.ts';
import type { Clock, WallTime } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Refusal } from '../ports/refusals.ts';
import type { Witness } from '../ports/witness.ts';
import { bothWitnesses } from '../recording/both-witnesses.ts';
import { ConsoleFeed } from '../recording/console-feed.ts';
import { ConsoleWitness } from '../recording/console-witness.ts';
import { Recorder } from '../recording/recorder.ts';
import { Samples } from '../recording/samples.ts';
import { countingMetrics, noTotals, type Totals } from '../recording/totals.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';

/** What observing is made with. */
export interface ObservationOptions {
  readonly config: Pick<DashboardConfig, 'historyBytes' | 'payloads'>;
  readonly clock: Clock;
  /** Real time, also where a test moves that of the server. */
  readonly realClock: Clock;
  /** The clock by which connections are dated. */
  readonly sessionClock: Pick<Clock, 'now'>;
  readonly wallTime: WallTime;
  /** Has long searches make room for the rest. */
  readonly questions: TurnBudget;
  /** Records already, without a budget, for whoever controls the server. */
  readonly recorder?: Recorder | undefined;
}

/** The share of the memory that is the debug console's. */
const consoleShare = 1 / 4;

/**
 * Hears what happens in the server, so that it can be shown later: what is not recorded when it happens nobody can look at
 * afterwards. It is bounded in bytes and in what it takes a second.
 */
export class Observation {
  readonly recorder: Recorder;
  readonly feed: ConsoleFeed;
  readonly samples: Samples;
  readonly refusals = new RefusalCounts();
  readonly keyUses: KeyUses;
  readonly witness: Witness;
  readonly subscribers: readonly DeliverySubscriber[];
  readonly #console: ConsoleWitness;
  readonly #totals = noTotals();

  constructor(options: ObservationOptions) {
    const { config, clock, realClock, sessionClock, wallTime, recorder, questions } = options;
    const { historyBytes, payloads } = config;
    const budget = { bytes: historyBytes * (1 - consoleShare) };
    this.recorder = recorder ?? new Recorder({ clock, wallTime, budget });
    this.feed = new ConsoleFeed({
      clock: realClock,
      wallTime,
      bytes: historyBytes * consoleShare,
      showsPayloads: payloads,
      budget: questions,
    });
    this.#console = new ConsoleWitness(this.feed, sessionClock);
    this.samples = new Samples({ clock: realClock, wallTime }, this.#totals);
    this.keyUses = new KeyUses(wallTime);
    this.witness = {
      ...bothWitnesses(this.recorder, this.#console),
      keyUsed: (appId, key) => this.keyUses.used(appId, key),
    };
    this.subscribers = [this.recorder.hear, this.#console.hear];
  }

  /** A worker thread has counted more. */
  countMore({
    connections,
    published,
    received,
  }: Pick<Totals, 'connections' | 'published' | 'received'>): void {
    this.#totals.connections += connections;
    this.#totals.published += published;
    this.#totals.received += received;
  }

  /** The same metrics, of which it keeps the sums. */
  count(metrics: Metrics): Metrics {
    return countingMetrics(metrics, this.#totals);
  }

  /** Something was refused, and so many others of its kind since. */
  readonly refused = (refusal: Refusal, times = 1): void => {
    // What an operator asked for in vain is no trouble of clients or backends.
    if (refusal.kind === 'request' && /^\/(?:dashboard|admin)/.test(String(refusal.fields['route']))) return;
    this.refusals.add(refusal.kind, refusal.reason, times);
    this.#console.refused(refusal);
  };

  /** A delivery was sent again on demand. */
  readonly resent = (fact: ResentFact): void => {
    this.recorder.resent(fact);
    this.#console.resent(fact);
  };

  /** Somebody has changed something; `appId` is empty if it is about no app. */
  changed(appId: string, text: string): void {
    this.#console.setting(appId, text);
  }

  /** Leaves no timer. */
  close(): void {
    this.recorder.close();
    this.feed.close();
    this.samples.close();
  }
}
