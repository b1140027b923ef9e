import type { ChannelCaches } from '../ports/channel-caches.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Log } from '../ports/log.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { TriggerAdmission } from '../ports/trigger-admission.ts';
import { noWitness, type PublishSource, type Witness } from '../ports/witness.ts';
import { channelKind } from '../protocol/channel-name.ts';
import { eventEncoder } from '../protocol/encode.ts';
import { badRequest, tooManyRequests, type HttpError } from '../protocol/http-error.ts';
import type { Trigger } from '../protocol/trigger-request.ts';
import type { LocalApp } from '../apps/local-app.ts';

/** What publishing needs. */
export interface PublisherOptions {
  readonly ledger: ChannelCaches & TriggerAdmission;
  readonly fanout: Fanout;
  readonly metrics: Pick<Metrics, 'messagePublished'>;
  readonly log: Log;
  readonly witness?: Witness;
}

/** Publishes validated events, for a backend or for a person in the Dashboard. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #witness: Witness;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#witness = options.witness ?? noWitness;
  }

  /**
   * Publishes in order, all or nothing. Returns why nothing was published. Pending until events of cache channels are available to
   * late subscribers.
   */
  publish(
    app: LocalApp,
    triggers: readonly Trigger[],
    source: PublishSource,
  ): MaybePromise<HttpError | undefined> {
    const { id, limits } = app.config;
    const perSecond = limits.triggersPerSecond;
    if (perSecond === Infinity) return this.#publishAll(app, triggers, source);
    const count = triggers.length;
    // A retry would not help.
    if (count > perSecond)
      return badRequest(`batch has ${count} events, at most ${perSecond} a second are accepted`);
    return whenReady(this.#options.ledger.admitTriggers(id, count, perSecond), (isAdmitted) =>
      isAdmitted
        ? this.#publishAll(app, triggers, source)
        : tooManyRequests(`Rate limit exceeded: at most ${perSecond} events a second are accepted`, 1),
    );
  }

  #publishAll(app: LocalApp, triggers: readonly Trigger[], source: PublishSource): MaybePromise<undefined> {
    const pending: Promise<void>[] = [];
    for (const trigger of triggers) {
      this.#publishOne(app, trigger, pending);
      this.#witness.published(app.config.id, trigger, source);
    }
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
  }

  #publishOne(app: LocalApp, { name, data, channels, except }: Trigger, pending: Promise<void>[]): void {
    const { fanout, ledger, metrics, log } = this.#options;
    const appId = app.config.id;
    const encode = eventEncoder(name, data);
    if (log.isDebug) log.debug({ appId, event: name, channels, except }, 'published');
    for (const channel of channels) {
      metrics.messagePublished(appId, 'api');
      if (!channelKind(channel).isCache) {
        fanout.publish(appId, channel, encode, except);
        continue;
      }
      const step = ledger.cacheEvent(appId, channel, { name, data }, except);
      if (step instanceof Promise) pending.push(step);
    }
  }
}
