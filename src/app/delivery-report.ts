import type { Clock, Millis } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { AttemptResult, Metrics } from '../ports/metrics.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { Drop } from '../webhooks/delivery-queue.ts';
import { DropLog } from './drop-log.ts';

/** Where it is reported. */
export interface DeliveryReportOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Which delivery something is said of. */
export interface Reported extends LogFields {
  readonly appId: string;
  /** Id of the endpoint. */
  readonly endpoint: string;
  /** Undefined: the events had come into none. */
  readonly webhookId: string | undefined;
  /** Attempts begun. */
  readonly attempts: number;
}

/** How an endpoint stood before an attempt ended, and how it stands since. */
export interface Standing {
  readonly wasFailing: boolean;
  readonly isFailing: boolean;
}

/** What an attempt came to: only 2xx is success. */
export function resultOf(outcome: Outcome): AttemptResult {
  if (outcome.kind !== 'answered') return outcome.kind;
  return outcome.status >= 200 && outcome.status < 300 ? 'success' : 'refused';
}

/** Says in log and metrics what becomes of the deliveries of one endpoint. */
export class DeliveryReport {
  readonly #options: DeliveryReportOptions;
  readonly #dropLog: DropLog;
  /** Events that were dropped since the endpoint was disabled. */
  #droppedWhileDisabled = 0;

  constructor(options: DeliveryReportOptions) {
    this.#options = options;
    this.#dropLog = new DropLog(options.clock, options.log);
  }

  delivered(
    reported: Reported,
    events: readonly QueuedEvent[],
    { elapsedMs, wasFailing }: { readonly elapsedMs: Millis; readonly wasFailing: boolean },
  ): void {
    const { clock, log, metrics } = this.#options;
    const { appId, endpoint } = reported;
    const at = clock.now();
    const ages = events.map(({ createdAt }) => at - createdAt);
    metrics.webhookDelivered(appId, endpoint, ages);
    if (wasFailing) log.info(reported, 'webhook endpoint recovered');
    if (!log.isDebug) return;
    const fields = { ...reported, events: events.length, elapsedMs: Math.round(elapsedMs) };
    log.debug(fields, 'webhook delivered');
  }

  /** `isLast`: there is no further attempt. */
  failed(
    reported: Reported,
    { outcome, elapsedMs }: { readonly outcome: Outcome; readonly elapsedMs: Millis },
    { wasFailing, isFailing, isLast }: Standing & { readonly isLast: boolean },
  ): void {
    const { log } = this.#options;
    const fields = { ...reported, ...describe(outcome), elapsedMs: Math.round(elapsedMs) };
    if (!wasFailing && isFailing) log.warn(fields, 'webhook endpoint is failing, probing it from now on');
    else if (reported.attempts === 1 && !wasFailing && !isLast)
      log.warn(fields, 'webhook attempt failed, will retry');
    else log.debug(fields, 'webhook attempt failed');
  }

  /** `isDisabled`: the endpoint is now. It may be for days: the log says when that begins and ends, and the record names the channels. */
  dropped(reported: Reported, { reason, events }: Drop, isDisabled: boolean): void {
    this.#options.metrics.webhookDropped(reported.appId, reported.endpoint, reason, events.length);
    if (reason === 'disabled' && isDisabled) this.#droppedWhileDisabled += events.length;
    else if (reason !== 'undone') this.#dropLog.add(reported, reason, events);
  }

  /** What waited has been dropped. */
  disabled({ appId, endpoint }: Reported): void {
    const fields = { appId, endpoint, events: this.#droppedWhileDisabled };
    const message = 'webhook endpoint is disabled: what waits and what happens is not sent to it';
    this.#options.log.warn(fields, message);
  }

  enabled({ appId, endpoint }: Reported): void {
    const fields = { appId, endpoint, events: this.#droppedWhileDisabled };
    this.#droppedWhileDisabled = 0;
    this.#options.log.info(fields, 'webhook endpoint is enabled again: these events were not sent to it');
  }

  /** Says what is still unsaid. */
  close(): void {
    this.#dropLog.close();
  }
}

function describe(outcome: Outcome): { readonly outcome: string } {
  switch (outcome.kind) {
    case 'answered':
      return { outcome: `answered ${outcome.status}` };
    case 'timeout':
      return { outcome: 'no answer in time' };
    case 'unreachable':
      return { outcome: `unreachable: ${outcome.code}` };
  }
}
