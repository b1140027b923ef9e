import type { LocalApps } from '../apps/local-app.ts';
import { RefusalLog } from '../connections/refusal-log.ts';
import type { Config } from '../config/schema/schema.ts';
import type { Observation } from '../dashboard/observation.ts';
import { DeliveryLog } from '../delivery-log/delivery-log.ts';
import { countDeliveries } from '../delivery-log/delivery-metrics.ts';
import { createPrometheusMetrics, type PrometheusMetrics } from '../observe/prometheus.ts';
import type { Clock, WallTime } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Refusal } from '../ports/refusals.ts';
import type { Witness } from '../ports/witness.ts';
import { bothWitnesses } from '../recording/both-witnesses.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import { systemClock } from '../system/clock.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';
import type { ServerOverrides } from './overrides.ts';

/** What the parts of a server report to: metrics, log, recording, and what a test has added. */
export interface Observing {
  /** The metrics as they are served. */
  readonly counted: PrometheusMetrics;
  readonly metrics: Metrics;
  /** The recording for the Dashboard, if it is served. */
  readonly observation: Observation | undefined;
  readonly witness: Witness | undefined;
  readonly subscribers: readonly DeliverySubscriber[];
  refused(this: void, refusal: Refusal): void;
  /** Stops all timers. */
  close(): void;
}

/** The dependencies of observing. */
export interface ObservingOptions {
  readonly config: Config;
  readonly overrides: ServerOverrides;
  readonly apps: LocalApps;
  readonly clock: Clock;
  readonly livenessClock: Clock;
  readonly wallTime: WallTime;
  readonly log: Log;
  /** Makes long searches yield to other work. */
  readonly questions: TurnBudget;
}

/** Creates everything that a server's parts report to. */
export async function createObserving(options: ObservingOptions): Promise<Observing> {
  const { config, overrides, apps, clock, livenessClock, log } = options;
  const { recorder } = overrides;
  const counted = createPrometheusMetrics(overrides.cachesMetrics === false ? undefined : livenessClock);
  // Loaded only when it is used.
  const observation =
    config.dashboard &&
    new (await import('../dashboard/observation.ts')).Observation({
      ...options,
      config: config.dashboard,
      realClock: systemClock,
      sessionClock: livenessClock,
      recorder,
    });
  const metrics = observation?.count(counted) ?? counted;
  const seen = observation?.witness ?? recorder;
  const refusals = new RefusalLog({
    // The log uses real time, because no test moves a clock for it.
    clock: livenessClock,
    log,
    metrics,
    isApp: (appId) => apps.byId(appId) !== undefined,
  });
  return {
    counted,
    metrics,
    observation,
    witness: seen && overrides.witness ? bothWitnesses(seen, overrides.witness) : (seen ?? overrides.witness),
    subscribers: [
      countDeliveries(metrics, clock),
      new DeliveryLog(clock, log).onFact,
      ...(observation?.subscribers ?? (recorder ? [recorder.onFact] : [])),
      ...(overrides.onFact ? [overrides.onFact] : []),
    ],
    refused(refusal) {
      refusals.refused(refusal);
      observation?.refused(refusal);
      overrides.refused?.(refusal);
    },
    close() {
      refusals.close();
      observation?.close();
    },
  };
}
