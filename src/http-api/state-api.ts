import { listChannels, type Questions } from './list-channels.ts';
import { PublishingApi, type PublishingApiOptions } from './publishing-api.ts';
import { showChannel, showUsers } from './queries.ts';

/** The dependencies of the part of the HTTP API that needs only the state. */
export interface StateApiOptions extends Questions, PublishingApiOptions {
  readonly ledger: PublishingApiOptions['ledger'];
}

/** The part of the HTTP API that publishes and answers questions about channels. It needs only the state. */
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
}
