import type { Clock } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { Outcome } from '../ports/webhook-sender.ts';
import {
  ignoringSelected,
  type AttemptEnded,
  type Decided,
  type DeliveryFact,
} from '../webhooks/delivery-facts.ts';
import { DropLog } from './drop-log.ts';

/** What is remembered of an endpoint of which something was dropped. */
interface Memory {
  readonly dropLog: DropLog;
  /** The number of events that were dropped since it was disabled. */
  droppedWhileDisabled: number;
}

/** Logs the results of deliveries: successes at debug, and each kind of failure once. */
export class DeliveryLog {
  readonly #clock: Clock;
  readonly #log: Log;
  /** By app and endpoint, from its first drop to its end. */
  readonly #memories = new Map<string, Memory>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Subscribes to delivery facts. */
  readonly onFact = ignoringSelected((fact) => {
    switch (fact.kind) {
      case 'selected':
      case 'attempt-began':
      case 'resumed':
      case 'left':
        return;
      case 'attempt-ended':
        return this.#attemptEnded(fact);
      case 'decided':
        return this.#decided(fact);
      case 'unclaimed': {
        const { appId, endpointId: endpoint, webhookId, events } = fact;
        const channels = [...new Set(events.map(({ event }) => event.channel))];
        const fields = { appId, endpoint, webhookId, events: events.length, channels };
        return this.#log.warn(fields, 'webhook dropped: its endpoint is no longer configured');
      }
      case 'disabled':
      case 'enabled':
        return this.#switched(fact);
      case 'ended':
        return this.#ended(fact);
    }
  });

  #attemptEnded({
    attempt,
    outcome,
    result,
    elapsedMs,
    retryInMs,
    wasFailing,
    isFailing,
  }: AttemptEnded): void {
    const log = this.#log;
    if (result === 'success' && !wasFailing && !log.isDebug) return;
    const { appId, endpoint, webhookId, number } = attempt;
    const of = { appId, endpoint: endpoint.id, webhookId, attempts: number };
    const took = { elapsedMs: Math.round(elapsedMs) };
    if (result === 'success') {
      if (wasFailing) log.info(of, 'webhook endpoint recovered');
      log.debug({ ...of, events: attempt.events.length, ...took }, 'webhook delivered');
      return;
    }
    const fields = { ...of, ...describe(outcome), ...took };
    if (!wasFailing && isFailing) log.warn(fields, 'webhook endpoint is failing, probing it from now on');
    else if (number === 1 && !wasFailing && retryInMs !== undefined)
      log.warn(fields, 'webhook attempt failed, will retry');
    else log.debug(fields, 'webhook attempt failed');
  }

  /**
   * An endpoint may stay disabled for days. The log contains the beginning and the end of that, and the record of drops contains
   * the channels.
   */
  #decided(decided: Decided): void {
    const { fate, endpoint, events } = decided;
    if (fate === 'delivered' || fate === 'undone') return;
    const memory = this.#memoryOf(decided);
    if (fate === 'disabled' && !endpoint.isEnabled) memory.droppedWhileDisabled += events.length;
    else memory.dropLog.add(fieldsOf(decided), fate, events);
  }

  #switched(fact: DeliveryFact & { readonly kind: 'disabled' | 'enabled' }): void {
    const memory = this.#memoryOf(fact);
    const fields = { appId: fact.appId, endpoint: fact.endpoint.id, events: memory.droppedWhileDisabled };
    if (fact.kind === 'disabled') {
      this.#log.warn(fields, 'webhook endpoint is disabled: waiting and new events are not sent to it');
    } else {
      memory.droppedWhileDisabled = 0;
      this.#log.info(fields, 'webhook endpoint is enabled again: these events were not sent to it');
    }
  }

  #ended(fact: DeliveryFact & { readonly kind: 'ended' }): void {
    const key = keyOf(fact);
    this.#memories.get(key)?.dropLog.close();
    this.#memories.delete(key);
  }

  #memoryOf(of: Place): Memory {
    const key = keyOf(of);
    let memory = this.#memories.get(key);
    if (memory === undefined) {
      memory = { dropLog: new DropLog(this.#clock, this.#log), droppedWhileDisabled: 0 };
      this.#memories.set(key, memory);
    }
    return memory;
  }
}

type Place = Pick<Decided, 'appId' | 'endpoint'>;

function keyOf({ appId, endpoint }: Place): string {
  return `${appId}\n${endpoint.id}`;
}

function fieldsOf({ appId, endpoint, webhookId, attempts }: Decided): LogFields {
  return { appId, endpoint: endpoint.id, webhookId, attempts };
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
