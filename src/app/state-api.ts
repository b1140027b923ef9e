import { whenReady } from '../ports/maybe-promise.ts';
import { isUserId } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import { badRequest } from '../protocol/http-error.ts';
import { answerWith } from './api-answer.ts';
import { listChannels, type Questions } from './list-channels.ts';
import { PublishingApi, type PublishingApiOptions } from './publishing-api.ts';
import { showChannel, showUsers } from './queries.ts';

/** What the part of the HTTP API that every node can serve is made with. */
export interface StateApiOptions extends Questions, PublishingApiOptions {
  readonly ledger: PublishingApiOptions['ledger'];
}

/** The part of the HTTP API that publishes, says what is so, and ends connections: what every node knows and can do. */
export class StateApi extends PublishingApi {
  readonly #options: StateApiOptions;

  constructor(options: StateApiOptions) {
    super(options);
    this.#options = options;
  }

  /** `GET /apps/ID/channels` */
  readonly channels = this.route((app, _request, query) => listChannels(app, this.#options, query));

  /** `GET /apps/ID/channels/NAME` */
  readonly channel = this.route((app, { name: channel }, query) =>
    showChannel(app, this.#options.ledger, { channel, query }),
  );

  /** `GET /apps/ID/channels/NAME/users` */
  readonly users = this.route((app, { name: channel }, query) =>
    showUsers(app, this.#options, { channel, query }),
  );

  /** `POST /apps/ID/users/USER/terminate_connections` */
  readonly terminateConnections = this.route((app, { name: userId }) => {
    if (!isUserId(userId, app.config.limits)) return badRequest(`Invalid user id: got '${clip(userId)}'`);
    return whenReady(this.#options.fanout.terminate(app.config.id, userId), (outcome) =>
      answerWith(outcome, () => ({})),
    );
  });
}
