import type { ChannelQueries } from '../ports/channel-queries.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { isHttpError } from '../protocol/http-error.ts';
import {
  decodeBatch,
  decodeTrigger,
  type CountAttribute,
  type Trigger,
} from '../protocol/trigger-request.ts';
import { countsOf, type ApiAnswer, type Counts } from './api-answer.ts';
import { apiRoute, bodyText, type ApiRouteOptions, type ApiUse, type ApiUseCase } from './api-route.ts';
import type { LocalApp } from '../apps/local-app.ts';
import { Publisher, type PublisherOptions } from './publisher.ts';

/** The dependencies of publishing over HTTP. */
export interface PublishingApiOptions extends ApiRouteOptions, PublisherOptions {
  readonly ledger: ChannelQueries & PublisherOptions['ledger'];
}

const done: ApiAnswer = { json: '{}' };

/** The part of the HTTP API that publishes. Each property serves one route. */
export class PublishingApi {
  readonly #options: PublishingApiOptions;
  readonly #publisher: Publisher;
  /** `POST /apps/ID/events` */
  readonly events: ApiUse;
  /** `POST /apps/ID/batch_events`: all or nothing, in order. */
  readonly batchEvents: ApiUse;

  constructor(options: PublishingApiOptions) {
    this.#options = options;
    this.#publisher = new Publisher(options);
    this.events = this.route((app, { body }, query) => {
      const trigger = decodeTrigger(bodyText(body), query, app.config.limits);
      if (isHttpError(trigger)) return trigger;
      return whenReady(
        this.#publisher.publish(app, [trigger], 'api'),
        (refusal) => refusal ?? this.#triggerInfo(app, trigger),
      );
    });
    this.batchEvents = this.route((app, { body }) => {
      const triggers = decodeBatch(bodyText(body), app.config.limits);
      if (isHttpError(triggers)) return triggers;
      return whenReady(
        this.#publisher.publish(app, triggers, 'api'),
        (refusal) => refusal ?? this.#batchInfo(app, triggers),
      );
    });
  }

  /** A route that requires the app's signature, and refuses an unsigned request by its head. */
  protected route(use: ApiUseCase): ApiUse {
    return apiRoute(this.#options, use);
  }

  #triggerInfo(app: LocalApp, { channels, info }: Trigger): MaybePromise<ApiAnswer> {
    if (info.length === 0) return done;
    return this.#describeAll(app, channels, info);
  }

  async #describeAll(
    app: LocalApp,
    channels: readonly ChannelName[],
    info: readonly CountAttribute[],
  ): Promise<ApiAnswer> {
    const entries = channels.map(
      async (channel) => [channel, await this.#counts(app, channel, info)] as const,
    );
    return { json: JSON.stringify({ channels: Object.fromEntries(await Promise.all(entries)) }) };
  }

  #batchInfo(app: LocalApp, triggers: readonly Trigger[]): MaybePromise<ApiAnswer> {
    return triggers.some(({ info }) => info.length > 0) ? this.#describeBatch(app, triggers) : done;
  }

  async #describeBatch(app: LocalApp, triggers: readonly Trigger[]): Promise<ApiAnswer> {
    const batch = triggers.flatMap(({ channels, info }) =>
      channels.map((channel) => this.#counts(app, channel, info)),
    );
    return { json: JSON.stringify({ batch: await Promise.all(batch) }) };
  }

  async #counts(app: LocalApp, channel: ChannelName, info: readonly CountAttribute[]): Promise<Counts> {
    if (info.length === 0) return {};
    const state = await this.#options.ledger.channel(app.config.id, channel);
    // The event has been published: an error would make the backend publish it again.
    return isUnavailable(state) ? {} : countsOf(channel, state, info);
  }
}
