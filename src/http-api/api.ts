import { whenReady } from '../ports/maybe-promise.ts';
import { anyLength, isUserId } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import { badRequest } from '../protocol/http-error.ts';
import { answerWith } from './api-answer.ts';
import { bodyText } from './api-route.ts';
import { answerReconcile, type Reconcile } from './reconcile-request.ts';
import { listLetters, showLetter, type Letters } from './dead-letter-queries.ts';
import { cancelRecovery, recover, resendLetter, showRecovery } from './dead-letter-requests.ts';
import type { Drops } from '../delivery-log/drop-journal.ts';
import { describeLost, describeWebhookState, type WebhookState } from './webhook-state.ts';
import { StateApi, type StateApiOptions } from './state-api.ts';

/** The dependencies of the HTTP API. */
export interface ApiOptions extends StateApiOptions {
  readonly drops: Pick<Drops, 'read'>;
  readonly letters: Letters;
  /** The epoch of the state. */
  readonly epoch: () => string;
  readonly webhookState: () => WebhookState;
  readonly reconcile: Reconcile;
}

/**
 * The HTTP API. Each property serves one route. All routes require the app's signature, and refuse an unsigned request by its
 * head.
 */
export class Api extends StateApi {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    super(options);
    this.#options = options;
  }

  /** `POST /apps/ID/users/USER/terminate_connections` */
  readonly terminateConnections = this.route((app, { name: userId }) => {
    if (!isUserId(userId, anyLength)) return badRequest(`Invalid user id: got '${clip(userId)}'`);
    return whenReady(this.#options.fanout.terminate(app.config.id, userId), (outcome) =>
      answerWith(outcome, () => ({})),
    );
  });

  /** `GET /apps/ID/webhooks/dropped`: the events that endpoints will never get. Not part of Pusher's API. */
  readonly droppedWebhooks = this.route((app) =>
    whenReady(this.#options.drops.read(app.config.id), (report) =>
      answerWith(report, (known) => ({
        ...known,
        epoch: this.#options.epoch(),
        ...describeLost(this.#options.webhookState().lost),
      })),
    ),
  );

  /** `POST /apps/ID/webhooks/reconcile`: sends an endpoint what it has missed. Not part of Pusher's API. */
  readonly reconcile = this.route((app, { body }) =>
    answerReconcile(app.config, bodyText(body), this.#options.reconcile),
  );

  /** `GET /apps/ID/webhooks/state`: what waits, and the epoch of the state. Not part of Pusher's API. */
  readonly webhookState = this.route((app) => ({
    json: JSON.stringify(describeWebhookState(app.config.id, this.#options.webhookState())),
  }));

  /** `GET /apps/ID/webhooks/deliveries`: lost events in full, delivery by delivery. The following are not part of Pusher's API. */
  readonly deliveries = this.route((app, _request, query) => listLetters(app, this.#options.letters, query));

  /** `GET /apps/ID/webhooks/deliveries/DELIVERY` */
  readonly delivery = this.route((app, { name: id }) => showLetter(app, this.#options.letters, id));

  /** `POST /apps/ID/webhooks/deliveries/DELIVERY/resend` */
  readonly resend = this.route((app, { name: id }) => resendLetter(app, this.#options.letters, id));

  /** `POST /apps/ID/webhooks/recover` */
  readonly recover = this.route((app, { body }) => recover(app, this.#options.letters, bodyText(body)));

  /** `GET /apps/ID/webhooks/recover/RECOVERY` */
  readonly recovery = this.route((app, { name: id }) => showRecovery(app, this.#options.letters, id));

  /** `DELETE /apps/ID/webhooks/recover/RECOVERY` */
  readonly cancelRecovery = this.route((app, { name: id }) => cancelRecovery(app, this.#options.letters, id));
}
