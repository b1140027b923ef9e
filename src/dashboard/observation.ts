import { RefusalCounts } from '../admin/overview.ts';
import { KeyUses } from '../apps/key-uses.ts';
import type { ResentFact } from '../delivery-log/resender.ts';
import type { DashboardConfig } from '../config/schema/dashboard.ts';
import type { Clock, WallTime } from '../ports/clock.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Refusal } from '../ports/refusals.ts';
import type { Witness } from '../ports/witness.ts';
import { bothWitnesses } from '../recording/both-witnesses.ts';
import { ConsoleFeed } from '../recording/console/console-feed.ts';
import { ConsoleWitness } from '../recording/console/console-witness.ts';
import { Recorder } from '../recording/recorder.ts';
import { Samples } from '../recording/samples.ts';
import { countingMetrics, noTotals, type Totals } from '../recording/totals.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';

/** What an observation needs. */
export interface ObservationOptions {
  readonly config: Pick<DashboardConfig, 'historyBytes' | 'payloads'>;
  readonly clock: Clock;
  /** Real time, even if a test moves the clock of the server. */
  readonly realClock: Clock;
  /** The clock of the opening times of connections. */
  readonly sessionClock: Pick<Clock, 'now'>;
  readonly wallTime: WallTime;
  /** Makes long searches yield to other work. */
  readonly questions: TurnBudget;
  /** An existing recorder without a budget, on a server that a test controls. */
  readonly recorder?: Recorder | undefined;
}

/** The share of the memory for the debug console. */
const consoleShare = 1 / 4;

/**
 * Records what happens in the server, so that the Dashboard can show it later. It is limited in memory and in records per
 * second.
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
    this.subscribers = [this.recorder.onFact, this.#console.onFact];
  }

  /** Adds what a worker has counted. */
  countMore({
    connections,
    published,
    received,
  }: Pick<Totals, 'connections' | 'published' | 'received'>): void {
    this.#totals.connections += connections;
    this.#totals.published += published;
    this.#totals.received += received;
  }

  /** Wraps metrics, and keeps their totals. */
  count(metrics: Metrics): Metrics {
    return countingMetrics(metrics, this.#totals);
  }

  /** Records a refusal. `times` is how many of its kind it represents. */
  readonly refused = (refusal: Refusal, times = 1): void => {
    // A refused request of an operator is not a problem of clients or backends.
    if (refusal.kind === 'request' && /^\/(?:dashboard|admin)/.test(String(refusal.fields['route']))) return;
    this.refusals.add(refusal.kind, refusal.reason, times);
    this.#console.refused(refusal);
  };

  /** Records that a delivery was resent. */
  readonly resent = (fact: ResentFact): void => {
    this.recorder.resent(fact);
    this.#console.resent(fact);
  };

  /** Records a change by an operator. `appId` is empty if it does not concern an app. */
  changed(appId: string, text: string): void {
    this.#console.setting(appId, text);
  }

  /** Stops all timers. */
  close(): void {
    this.recorder.close();
    this.feed.close();
    this.samples.close();
  }
}
