import { authenticateHead, refuseBody } from '../auth/request-auth.ts';
import type { ChannelCaches } from '../ports/channel-caches.ts';
import type { ChannelQueries } from '../ports/channel-queries.ts';
import type { WallTime } from '../ports/clock.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { TriggerAdmission } from '../ports/trigger-admission.ts';
import { isUnavailable } from '../ports/unavailable.ts';
import { noWitness, type Witness } from '../ports/witness.ts';
import { isUserId, type ChannelName } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import { badRequest, forbidden, isHttpError, notFound, type HttpError } from '../protocol/http-error.ts';
import { queryValue, type Query } from '../protocol/query.ts';
import {
  decodeBatch,
  decodeTrigger,
  type CountAttribute,
  type Trigger,
} from '../protocol/trigger-request.ts';
import { answerWith, countsOf, type ApiAnswer, type Counts } from './api-answer.ts';
import { answerReconcile, type Reconcile } from './reconcile-request.ts';
import { listLetters, showLetter, type Letters } from './dead-letter-queries.ts';
import { cancelRecovery, recover, resendLetter, showRecovery } from './dead-letter-requests.ts';
import type { Drops } from './drop-journal.ts';
import { describeLost, describeWebhookState, type WebhookLife } from './webhook-state.ts';
import type { LocalApp, LocalApps } from './local-app.ts';
import { Publisher, type PublisherOptions } from './publisher.ts';
import { listChannels, type Questions } from './list-channels.ts';
import { showChannel, showUsers } from './queries.ts';

/** What the HTTP API is made with. */
export interface ApiOptions extends Questions, PublisherOptions {
  readonly apps: LocalApps;
  readonly ledger: ChannelQueries & ChannelCaches & TriggerAdmission;
  readonly wallTime: WallTime;
  readonly drops: Pick<Drops, 'read'>;
  readonly letters: Letters;
  /** In which life of the state this is. */
  readonly epoch: () => string;
  readonly webhookLife: () => WebhookLife;
  readonly reconcile: Reconcile;
}

/** A request before its body is read. */
export interface ApiHead {
  readonly appId: string;
  /** The channel, user, delivery or recovery that the path names, unescaped; empty when it names none. */
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
  readonly #publisher: Publisher;
  readonly #witness: Witness;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#publisher = new Publisher(options);
    this.#witness = options.witness ?? noWitness;
  }

  /** `POST /apps/ID/events` */
  readonly events = this.#route((app, { body }, query) => {
    const trigger = decodeTrigger(textOf(body), query, app.config.limits);
    if (isHttpError(trigger)) return trigger;
    return whenReady(
      this.#publisher.publish(app, [trigger], 'api'),
      (refusal) => refusal ?? this.#triggerInfo(app, trigger),
    );
  });

  /** `POST /apps/ID/batch_events`: all or nothing, in order. */
  readonly batchEvents = this.#route((app, { body }) => {
    const triggers = decodeBatch(textOf(body), app.config.limits);
    if (isHttpError(triggers)) return triggers;
    return whenReady(
      this.#publisher.publish(app, triggers, 'api'),
      (refusal) => refusal ?? this.#batchInfo(app, triggers),
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

  /** `POST /apps/ID/webhooks/reconcile`: has an endpoint be sent what it does not know. Not one of Pusher's routes. */
  readonly reconcile = this.#route((app, { body }) =>
    answerReconcile(app.config, textOf(body), this.#options.reconcile),
  );

  /** `GET /apps/ID/webhooks/state`: what waits, and in which life of the state. Not one of Pusher's routes. */
  readonly webhookState = this.#route((app) => ({
    json: JSON.stringify(describeWebhookState(app.config.id, this.#options.webhookLife())),
  }));

  /** `GET /apps/ID/webhooks/deliveries`: the same in full, delivery by delivery. None of these is one of Pusher's. */
  readonly deliveries = this.#route((app, _request, query) => listLetters(app, this.#options.letters, query));

  /** `GET /apps/ID/webhooks/deliveries/DELIVERY` */
  readonly delivery = this.#route((app, { name: id }) => showLetter(app, this.#options.letters, id));

  /** `POST /apps/ID/webhooks/deliveries/DELIVERY/resend` */
  readonly resend = this.#route((app, { name: id }) => resendLetter(app, this.#options.letters, id));

  /** `POST /apps/ID/webhooks/recover` */
  readonly recover = this.#route((app, { body }) => recover(app, this.#options.letters, textOf(body)));

  /** `GET /apps/ID/webhooks/recover/RECOVERY` */
  readonly recovery = this.#route((app, { name: id }) => showRecovery(app, this.#options.letters, id));

  /** `DELETE /apps/ID/webhooks/recover/RECOVERY` */
  readonly cancelRecovery = this.#route((app, { name: id }) =>
    cancelRecovery(app, this.#options.letters, id),
  );

  /** Finds the app and checks the signature, before there is a body; and what is in the body, before the use. */
  #route(use: Use): (head: ApiHead) => HttpError | ApiAnswering {
    return (head) => {
      const app = this.#options.apps.byId(head.appId);
      if (app === undefined) return unknownApp(head);
      const query = authenticateHead(app.config, head, this.#options.wallTime.now());
      if (isHttpError(query)) return query;
      if (!app.config.isEnabled) return disabled;
      this.#witness.keyUsed(app.config.id, queryValue(query, 'auth_key') ?? '');
      return (request) => {
        const refusal = refuseBody(request.body, query);
        if (refusal !== undefined) return refusal;
        // While the body came, the app may have been taken away or disabled.
        if (this.#options.apps.byId(head.appId) !== app) return unknownApp(head);
        return app.config.isEnabled ? use(app, request, query) : disabled;
      };
    };
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
