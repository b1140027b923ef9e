import type { InspectOptions, inspect } from 'node:util';
import {
  clientOptions,
  environment,
  serverOptions,
  type ServerAddress,
  type ClientOptions,
  type Credentials,
  type ServerOptions,
} from './addresses.ts';
import type { Apps } from './apps.ts';
import type { EndpointInfo, WebhookOptions } from './options.ts';
import type { ApiFault, ConnectionDrop, ConnectionRefusal } from './faults/client-faults.ts';
import type { Fault } from './faults/fault-list.ts';
import { fromCaller } from './emulator-error.ts';
import type { PublishedEvent } from './published/published-event.ts';
import type { RunRecord } from './record/run-record.ts';
import type { PublishMatch } from './published/publish-match.ts';
import type { PublishAbsenceOptions, PublishWaitOptions } from './published/publish-waiting.ts';
import type { EventMatch } from './waits/match.ts';
import type { EmulatorDelivery, EmulatorEvent } from '../recording/records.ts';
import type { EmulatorCore } from './core.ts';
import { describeChannels, describeConnections, type ChannelInfo, type ConnectionInfo } from './state.ts';
import type { AbsenceOptions, WaitOptions } from './waits/waiting.ts';
import type { EventName } from '../webhooks/event.ts';
import type { WebhookFault } from './faults/webhook-faults.ts';

type Inspect = typeof inspect;

/**
 * Questions about webhooks.
 *
 * @example
 * const joined = await soketify.webhooks.waitFor({ name: 'member_added', user_id: '42' });
 * await soketify.webhooks.expectNone({ name: 'member_removed' }, { after: joined });
 * @since 0.1.0
 */
export interface WebhookQuestions {
  /**
   * Resolves with the first such event that an endpoint has answered with 2xx, since the start or the last reset. The
   * virtual clock is moved to what is due next until there is one.
   *
   * @throws EmulatorError with ERR_WEBHOOK_MISSING, saying what was seen instead and why, when nothing is due any more or the time is
   * over; ERR_ARGUMENT_INVALID when the match or an option is wrong; ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN when the emulator is reset or closed, or the app is removed, meanwhile.
   */
  waitFor<Name extends EventName = EventName>(
    match: EventMatch<Name>,
    options?: WaitOptions,
  ): Promise<EmulatorEvent<Name>>;
  /**
   * Resolves when no such event was sent, and none is within the grace and the wait of a batch (the virtual clock is
   * moved that far; a real one takes as long).
   *
   * @throws EmulatorError with ERR_WEBHOOK_UNEXPECTED, saying why it was sent; ERR_ARGUMENT_INVALID when the match or an option is
   * wrong; ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN when the emulator is reset or closed, or the app is removed, meanwhile.
   */
  expectNone(match: EventMatch, options?: AbsenceOptions): Promise<void>;
}

/**
 * What backends have published by the HTTP API, or a person in the Dashboard.
 *
 * @example
 * const order = await soketify.published.waitFor({ channel: 'orders', data: { id: 7 } });
 * console.log(order.receivers.map(({ socketId }) => socketId));
 * await soketify.published.expectNone({ channel: 'orders' }, { after: order });
 * @since 0.1.0
 */
export interface PublishQuestions {
  /** All that was published since the start or the last reset, each trigger and each item of a batch: the last 10,000, up to 32 MB. */
  readonly list: readonly PublishedEvent[];
  /**
   * Resolves with the first such event, since the start or the last reset. The virtual clock is moved to what is due next until
   * there is one, because a backend may publish when it receives a webhook.
   *
   * @throws EmulatorError with ERR_PUBLISH_MISSING, saying what was published instead; ERR_ARGUMENT_INVALID when the match or an option is
   * wrong; ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN when the emulator is reset or closed, or the app is removed, meanwhile.
   */
  waitFor(match: PublishMatch, options?: PublishWaitOptions): Promise<PublishedEvent>;
  /**
   * Resolves when no such event was published, and none is within the grace and the wait of a batch (the virtual clock is
   * moved that far; a real one takes as long).
   *
   * @throws EmulatorError with ERR_PUBLISH_UNEXPECTED, saying which was; ERR_ARGUMENT_INVALID when the match or an option is
   * wrong; ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN when the emulator is reset or closed, or the app is removed, meanwhile.
   */
  expectNone(match: PublishMatch, options?: PublishAbsenceOptions): Promise<void>;
}

/**
 * The endpoints of an app, for instance of a backend that is started after the emulator. Options are those of
 * `startEmulator({ apps: [{ webhooks: [...] }] })`.
 *
 * @example
 * const { id } = await soketify.endpoints.add({ url: receiver.url, eventTypes: ['member_added'] });
 * await soketify.endpoints.remove(id);
 * @since 0.1.0
 */
export interface Endpoints {
  /** The endpoints of the app, as they are now. */
  readonly list: readonly EndpointInfo[];
  /**
   * Adds an endpoint. It receives what happens from now on.
   *
   * @throws EmulatorError with ERR_CONFIG_INVALID when an option is wrong, ERR_ENDPOINT_EXISTS when its id is taken.
   */
  add(endpoint: WebhookOptions): Promise<EndpointInfo>;
  /**
   * Replaces the configuration of an endpoint, except its id. Waiting events are sent to its new URL.
   *
   * @throws EmulatorError with ERR_ENDPOINT_UNKNOWN when there is no such endpoint, ERR_CONFIG_INVALID when an option is wrong,
   * ERR_ARGUMENT_INVALID when `endpoint.id` is another id.
   */
  change(id: string, endpoint: WebhookOptions): Promise<EndpointInfo>;
  /**
   * Removes an endpoint. Waiting events are still sent.
   *
   * @throws EmulatorError with ERR_ENDPOINT_UNKNOWN when there is no such endpoint.
   */
  remove(id: string): Promise<void>;
}

/**
 * Ways to have things fail. Faults of one kind strike in the order in which they were injected.
 *
 * @example
 * const outage = soketify.faults.webhooks({ status: 503 });
 * soketify.faults.connections({ drop: { userId: '42' } });
 * soketify.faults.api({ status: 500, path: '/events', times: 1 });
 * outage.clear();
 * @since 0.1.0
 */
export interface FaultInjection {
  /**
   * Requests to endpoints fail, are late, or come twice.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID when a field is wrong or there is no such endpoint.
   */
  webhooks(fault: WebhookFault): Fault;
  /**
   * `drop` ends connections now (`hits` says how many); `refuse` sends those away that come.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID when a field is wrong.
   */
  connections(fault: ConnectionDrop | ConnectionRefusal): Fault;
  /**
   * The HTTP API answers with an error and does nothing.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID when a field is wrong or no route has such a path.
   */
  api(fault: ApiFault): Fault;
  /** Ends all of them. */
  clear(): void;
}

/**
 * Forgetting between tests.
 *
 * @since 0.1.0
 */
export interface ResetOptions {
  /** Clients are closed with 4200, on which they come back at once, instead of 4009, on which they do not. */
  readonly reconnect?: boolean;
}

/**
 * Everything that a test can read and change of one app. It neither sees nor affects other apps.
 *
 * @example
 * const app = await soketify.createApp();
 * app.endpoints.list; // what is configured
 * await app.idle(); // all events have been delivered
 * const [first] = app.events;
 * console.log(first?.status, first?.why);
 * @since 0.1.0
 */
export interface EmulatorApp {
  /** The id of the app. */
  readonly id: string;
  /** The public key of the app. */
  readonly key: string;
  /** The secret of the app. */
  readonly secret: string;
  /** For `new Pusher(key, options)` of pusher-js; Laravel Echo takes the same with `broadcaster: 'pusher'`. */
  clientOptions(): ClientOptions;
  /** For `new Pusher(options)` of a server library. */
  serverOptions(): ServerOptions;
  /** `SOKETIFY_*` and `PUSHER_*` variables for the environment of a child process. */
  env(): Record<string, string>;
  /** Waits for webhooks, past and to come. */
  readonly webhooks: WebhookQuestions;
  /** What backends have published. */
  readonly published: PublishQuestions;
  /** Where its webhooks go; of the emulator as a whole, those of its first app. */
  readonly endpoints: Endpoints;
  /** Makes webhooks, connections and the HTTP API fail. */
  readonly faults: FaultInjection;
  /** All that happened since the start or the last reset, and what became of it. */
  readonly events: readonly EmulatorEvent[];
  /** Every request to an endpoint, with all attempts. */
  readonly deliveries: readonly EmulatorDelivery[];
  /**
   * Resolves with a record of all that happened since the start or the last reset, as plain JSON without secrets: what came in
   * and when, and every webhook with its body, its attempts and its outcome. Call `idle()` before, so that nothing is pending.
   *
   * ```ts
   * await writeFile('run.json', JSON.stringify(await soketify.record(), null, 2));
   * ```
   */
  record(): Promise<RunRecord>;
  /** The occupied channels now. */
  channels(): Promise<readonly ChannelInfo[]>;
  /** The open connections now. */
  connections(): readonly ConnectionInfo[];
  /**
   * Resolves when nothing is queued or under way to an endpoint. The virtual clock is moved as far as batches and
   * retries need; departures that linger are not waited for.
   *
   * @throws EmulatorError with ERR_NOT_IDLE after the time-out, 5000 ms by default; ERR_RESET or ERR_CLOSED when the emulator is reset or
   * closed meanwhile.
   */
  idle(options?: Pick<WaitOptions, 'timeoutMs'>): Promise<void>;
  /**
   * Forgets everything without telling an endpoint: closes the connections, empties channels, caches and queues, ends
   * faults and clears what was recorded. The clock stays where it is.
   */
  reset(options?: ResetOptions): Promise<void>;
}

/** What a view of one app or of all is made with. */
export interface AppViewParts {
  readonly core: EmulatorCore;
  readonly apps: Apps;
  /** Undefined: all of them. */
  readonly appId: string | undefined;
  readonly address: ServerAddress;
  /** The app whose credentials are told, and whose endpoints are meant. */
  readonly named: () => Credentials;
}

/** One app of the emulator, or with `appId` undefined all of them, named by the first. */
export class AppView implements EmulatorApp {
  readonly webhooks: WebhookQuestions;
  readonly published: PublishQuestions;
  readonly endpoints: Endpoints;
  readonly faults: FaultInjection;
  readonly #core: EmulatorCore;
  readonly #appId: string | undefined;
  readonly #address: ServerAddress;
  readonly #named: () => Credentials;

  constructor({ core, apps, appId, address, named }: AppViewParts) {
    this.#core = core;
    this.#appId = appId;
    this.#address = address;
    this.#named = named;
    this.webhooks = webhookQuestions(core, appId);
    this.published = publishQuestions(core, appId);
    this.endpoints = endpointsOf(apps, () => this.id);
    this.faults = {
      webhooks: (fault) => core.failWebhooks(appId, fault),
      connections: (fault) => core.failConnections(appId, fault),
      api: (fault) => core.failApi(appId, fault),
      clear: () => core.clearFaults(appId),
    };
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](_: number, options: InspectOptions, inspect: Inspect): string {
    return `${this.kind} ${inspect(this.summary(), options)}`;
  }

  /** What it is called where it is shown. */
  protected get kind(): string {
    return 'EmulatorApp';
  }

  /** What is shown of it. */
  protected summary(): object {
    const { id, key } = this;
    return { id, key };
  }

  get id(): string {
    return this.#named().id;
  }

  get key(): string {
    return this.#named().key;
  }

  get secret(): string {
    return this.#named().secret;
  }

  get events(): readonly EmulatorEvent[] {
    return this.#core.recorder.events(this.#appId);
  }

  get deliveries(): readonly EmulatorDelivery[] {
    return this.#core.recorder.deliveries(this.#appId);
  }

  clientOptions(): ClientOptions {
    return clientOptions(this.#address, this.#named());
  }

  serverOptions(): ServerOptions {
    return serverOptions(this.#address, this.#named());
  }

  env(): Record<string, string> {
    return environment(this.#address, this.#named());
  }

  async channels(): Promise<readonly ChannelInfo[]> {
    const { ledger } = this.#core.held;
    const apps = this.#core.apps(this.#appId);
    return (await Promise.all(apps.map((app) => describeChannels(app, ledger)))).flat();
  }

  connections(): readonly ConnectionInfo[] {
    return this.#core.apps(this.#appId).flatMap((app) => describeConnections(app));
  }

  async record(): Promise<RunRecord> {
    return this.#core.record(this.#appId);
  }

  idle(options?: Pick<WaitOptions, 'timeoutMs'>): Promise<void> {
    return fromCaller(this.#core.waiting.idle(this.#appId, options));
  }

  reset(options?: ResetOptions): Promise<void> {
    return this.#core.reset(this.#appId, options);
  }
}

function webhookQuestions({ waiting }: EmulatorCore, appId: string | undefined): WebhookQuestions {
  return {
    waitFor: (match, options) => fromCaller(waiting.waitFor(appId, match, options)),
    expectNone: (match, options) => fromCaller(waiting.expectNone(appId, match, options)),
  };
}

function publishQuestions(core: EmulatorCore, appId: string | undefined): PublishQuestions {
  const { publishLog, publishWaiting } = core;
  return {
    get list() {
      return publishLog.list(appId);
    },
    waitFor: (match, options) => fromCaller(publishWaiting.waitFor(appId, match, options)),
    expectNone: (match, options) => fromCaller(publishWaiting.expectNone(appId, match, options)),
  };
}

function endpointsOf(apps: Apps, appId: () => string): Endpoints {
  return {
    get list() {
      return apps.endpoints(appId());
    },
    add: async (endpoint) => apps.addEndpoint(appId(), endpoint),
    change: async (id, endpoint) => apps.changeEndpoint(appId(), id, endpoint),
    remove: async (id) => apps.removeEndpoint(appId(), id),
  };
}
