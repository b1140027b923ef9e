import { authenticateHead, refuseBody } from '../auth/request-auth.ts';
import type { ChannelCaches } from '../ports/channel-caches.ts';
import type { ChannelQueries } from '../ports/channel-queries.ts';
import type { WallTime } from '../ports/clock.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Log } from '../ports/log.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { TriggerAdmission } from '../ports/trigger-admission.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { channelKind, isUserId, type ChannelName } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import { eventEncoder } from '../protocol/encode.ts';
import {
  badRequest,
  forbidden,
  isHttpError,
  notFound,
  tooManyRequests,
  type HttpError,
} from '../protocol/http-error.ts';
import type { Query } from '../protocol/query.ts';
import {
  decodeBatch,
  decodeTrigger,
  type CountAttribute,
  type Trigger,
} from '../protocol/trigger-request.ts';
import { answerWith, countsOf, type ApiAnswer, type Counts } from './api-answer.ts';
import type { Drops } from './drop-journal.ts';
import { describeLost, describeWebhookState, type WebhookLife } from './webhook-state.ts';
import type { LocalApp, LocalApps } from './local-app.ts';
import { listChannels, type Questions } from './list-channels.ts';
import { showChannel, showUsers } from './queries.ts';

/** What the HTTP API is made with. */
export interface ApiOptions extends Questions {
  readonly apps: LocalApps;
  readonly ledger: ChannelQueries & ChannelCaches & TriggerAdmission;
  readonly fanout: Fanout;
  readonly wallTime: WallTime;
  readonly metrics: Pick<Metrics, 'messagePublished'>;
  readonly drops: Pick<Drops, 'read'>;
  /** In which life of the state this is. */
  readonly epoch: () => string;
  readonly webhookLife: () => WebhookLife;
  readonly log: Log;
}

/** A request before its body is read. */
export interface ApiHead {
  readonly appId: string;
  /** The channel or the user that the path names, unescaped; empty when it names none. */
  readonly name: string;
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly unprefixedPath: string | undefined;
  readonly rawQuery: string;
}

/** A request as it came. */
export interface ApiRequest extends ApiHead {
  readonly body: Uint8Array;
}

/** Answers a request whose head was found to be signed, once its body has come. */
export type ApiAnswering = (request: ApiRequest) => MaybePromise<ApiAnswer>;

/** A use case of the HTTP API, after the request was found to be the app's own. */
type Use = (app: LocalApp, request: ApiRequest, query: Query) => MaybePromise<ApiAnswer>;

const done: ApiAnswer = { json: '{}' };

const disabled = forbidden('Application disabled');

function unknownApp({ appId }: ApiHead): HttpError {
  return notFound(`App ${appId.slice(0, 100)} not found`);
}

/**
 * The HTTP API: each method serves one route. All demand the app's signature, and refuse a request without it by its
 * head alone.
 */
export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** `POST /apps/ID/events` */
  readonly events = this.#route((app, { body }, query) => {
    const trigger = decodeTrigger(textOf(body), query, app.config.limits);
    if (isHttpError(trigger)) return trigger;
    return this.#admit(app, 1, () =>
      whenReady(this.#publish(app, [trigger]), () => this.#triggerInfo(app, trigger)),
    );
  });

  /** `POST /apps/ID/batch_events`: all or nothing, in order. */
  readonly batchEvents = this.#route((app, { body }) => {
    const triggers = decodeBatch(textOf(body), app.config.limits);
    if (isHttpError(triggers)) return triggers;
    return this.#admit(app, triggers.length, () =>
      whenReady(this.#publish(app, triggers), () => this.#batchInfo(app, triggers)),
    );
  });

  /** `GET /apps/ID/channels` */
  readonly channels = this.#route((app, _request, query) => listChannels(app, this.#options, query));

  /** `GET /apps/ID/channels/NAME` */
  readonly channel = this.#route((app, { name: channel }, query) =>
    showChannel(app, this.#options.ledger, { channel, query }),
  );

  /** `GET /apps/ID/channels/NAME/users` */
  readonly users = this.#route((app, { name: channel }, query) =>
    showUsers(app, this.#options, { channel, query }),
  );

  /** `POST /apps/ID/users/USER/terminate_connections` */
  readonly terminateConnections = this.#route((app, { name: userId }) => {
    if (!isUserId(userId, app.config.limits)) return badRequest(`Invalid user id: got '${clip(userId)}'`);
    return whenReady(this.#options.fanout.terminate(app.config.id, userId), (outcome) =>
      answerWith(outcome, () => ({})),
    );
  });

  /** `GET /apps/ID/webhooks/dropped`: the events that endpoints will never get. Not one of Pusher's routes. */
  readonly droppedWebhooks = this.#route((app) =>
    whenReady(this.#options.drops.read(app.config.id), (report) =>
      answerWith(report, (known) => ({
        ...known,
        epoch: this.#options.epoch(),
        ...describeLost(this.#options.webhookLife().lost),
      })),
    ),
  );

  /** `GET /apps/ID/webhooks/state`: what waits, and in which life of the state. Not one of Pusher's routes. */
  readonly webhookState = this.#route((app) => ({
    json: JSON.stringify(describeWebhookState(app.config.id, this.#options.webhookLife())),
  }));

  /** Finds the app and checks the signature, before there is a body; and what is in the body, before the use. */
  #route(use: Use): (head: ApiHead) => HttpError | ApiAnswering {
    return (head) => {
      const app = this.#options.apps.byId(head.appId);
      if (app === undefined) return unknownApp(head);
      const query = authenticateHead(app.config, head, this.#options.wallTime.now());
      if (isHttpError(query)) return query;
      if (!app.config.isEnabled) return disabled;
      return (request) => {
        const refusal = refuseBody(request.body, query);
        if (refusal !== undefined) return refusal;
        // While the body came, the app may have been taken away or disabled.
        if (this.#options.apps.byId(head.appId) !== app) return unknownApp(head);
        return app.config.isEnabled ? use(app, request, query) : disabled;
      };
    };
  }

  /** Goes on if the app may publish so many more events now. */
  #admit(app: LocalApp, count: number, proceed: () => MaybePromise<ApiAnswer>): MaybePromise<ApiAnswer> {
    const { id, limits } = app.config;
    const perSecond = limits.triggersPerSecond;
    if (perSecond === Infinity) return proceed();
    // To try again would not help.
    if (count > perSecond)
      return badRequest(`batch has ${count} events, at most ${perSecond} a second are accepted`);
    return whenReady(this.#options.ledger.admitTriggers(id, count, perSecond), (isAdmitted) =>
      isAdmitted
        ? proceed()
        : tooManyRequests(`Rate limit exceeded: at most ${perSecond} events a second are accepted`, 1),
    );
  }

  /** Publishes in order. Pending until events of cache channels are there for late subscribers. */
  #publish(app: LocalApp, triggers: readonly Trigger[]): MaybePromise<unknown> {
    const pending: Promise<void>[] = [];
    for (const trigger of triggers) this.#publishOne(app, trigger, pending);
    return pending.length === 0 ? undefined : Promise.all(pending);
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
    // The event is published by now: a refusal would have the backend publish it again.
    return isUnavailable(state) ? {} : countsOf(channel, state, info);
  }
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}
