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
 * Waits for webhook events.
 *
 * @example
 * const joined = await soketify.webhooks.waitFor({ name: 'member_added', user_id: '42' });
 * await soketify.webhooks.expectNone({ name: 'member_removed' }, { after: joined });
 * @since 0.1.0
 */
export interface WebhookQuestions {
  /**
   * Resolves with the first matching event since the start or the last reset that an endpoint answered with 2xx. It moves the
   * virtual clock to the next due moment until there is one.
   *
   * @throws EmulatorError with ERR_WEBHOOK_MISSING when nothing is due any more or the timeout is over (the message describes what
   * was seen instead, and why); ERR_ARGUMENT_INVALID if the match or an option is invalid; ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN
   * if the emulator is reset or closed, or the app is removed, meanwhile.
   */
  waitFor<Name extends EventName = EventName>(
    match: EventMatch<Name>,
    options?: WaitOptions,
  ): Promise<EmulatorEvent<Name>>;
  /**
   * Resolves if no matching event was sent and none is sent within the grace period plus the batching delay. It moves the virtual
   * clock that far; a real clock takes as long.
   *
   * @throws EmulatorError with ERR_WEBHOOK_UNEXPECTED, explaining why the event was sent; ERR_ARGUMENT_INVALID if the match or an
   * option is invalid; ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN if the emulator is reset or closed, or the app is removed, meanwhile.
   */
  expectNone(match: EventMatch, options?: AbsenceOptions): Promise<void>;
}

/**
 * Events published through the HTTP API or in the Dashboard.
 *
 * @example
 * const order = await soketify.published.waitFor({ channel: 'orders', data: { id: 7 } });
 * console.log(order.receivers.map(({ socketId }) => socketId));
 * await soketify.published.expectNone({ channel: 'orders' }, { after: order });
 * @since 0.1.0
 */
export interface PublishQuestions {
  /** The events published since the start or the last reset, one for each trigger and each item of a batch: the last 10,000, up to 32 MB. */
  readonly list: readonly PublishedEvent[];
  /**
   * Resolves with the first matching event since the start or the last reset. It moves the virtual clock to the next due moment
   * until there is one, because a backend may publish in response to a webhook.
   *
   * @throws EmulatorError with ERR_PUBLISH_MISSING (the message describes what was published instead); ERR_ARGUMENT_INVALID if the
   * match or an option is invalid; ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN if the emulator is reset or closed, or the app is
   * removed, meanwhile.
   */
  waitFor(match: PublishMatch, options?: PublishWaitOptions): Promise<PublishedEvent>;
  /**
   * Resolves if no matching event was published and none is published within the grace period plus the batching delay. It moves
   * the virtual clock that far; a real clock takes as long.
   *
   * @throws EmulatorError with ERR_PUBLISH_UNEXPECTED, naming the event; ERR_ARGUMENT_INVALID if the match or an option is invalid;
   * ERR_RESET, ERR_CLOSED or ERR_APP_UNKNOWN if the emulator is reset or closed, or the app is removed, meanwhile.
   */
  expectNone(match: PublishMatch, options?: PublishAbsenceOptions): Promise<void>;
}

/**
 * Lists and changes the endpoints of an app, for instance for a backend that starts after the emulator. The options are those of
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
   * Adds an endpoint. It receives events from now on.
   *
   * @throws EmulatorError with ERR_CONFIG_INVALID if an option is invalid; ERR_ENDPOINT_EXISTS if the id is taken.
   */
  add(endpoint: WebhookOptions): Promise<EndpointInfo>;
  /**
   * Replaces all settings of an endpoint except the id. Pending deliveries go to the new URL.
   *
   * @throws EmulatorError with ERR_ENDPOINT_UNKNOWN if there is no such endpoint; ERR_CONFIG_INVALID if an option is invalid;
   * ERR_ARGUMENT_INVALID if `endpoint.id` is another id.
   */
  change(id: string, endpoint: WebhookOptions): Promise<EndpointInfo>;
  /**
   * Removes an endpoint. Pending deliveries are still sent, unless the endpoint is on hold.
   *
   * @throws EmulatorError with ERR_ENDPOINT_UNKNOWN if there is no such endpoint.
   */
  remove(id: string): Promise<void>;
}

/**
 * Injects faults. Faults of one kind apply in the order in which they were injected.
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
   * Makes requests to endpoints fail, arrive late, or arrive twice.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID if a field is invalid or there is no such endpoint.
   */
  webhooks(fault: WebhookFault): Fault;
  /**
   * `drop` closes open connections now (`hits` is their number); `refuse` refuses new ones.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID if a field is invalid.
   */
  connections(fault: ConnectionDrop | ConnectionRefusal): Fault;
  /**
   * Makes the HTTP API return an error without doing anything.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID if a field is invalid or no route has such a path.
   */
  api(fault: ApiFault): Fault;
  /** Clears all faults. */
  clear(): void;
}

/**
 * The options of `reset`.
 *
 * @since 0.1.0
 */
export interface ResetOptions {
  /** Close clients with 4200, after which they reconnect immediately, instead of 4009, after which they do not. Default: false. */
  readonly reconnect?: boolean;
}

/**
 * Controls and inspects one app. Other apps are neither shown nor changed.
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
  /** Options for `new Pusher(key, options)` of pusher-js; Laravel Echo takes the same with `broadcaster: 'pusher'`. */
  clientOptions(): ClientOptions;
  /** Options for `new Pusher(options)` of a server library. */
  serverOptions(): ServerOptions;
  /** `SOKETIFY_*` and `PUSHER_*` variables for the environment of a child process. */
  env(): Record<string, string>;
  /** Waits for webhook events, past and future. */
  readonly webhooks: WebhookQuestions;
  /** Events that backends published. */
  readonly published: PublishQuestions;
  /** The endpoints of the app. On the emulator itself: those of its first app. */
  readonly endpoints: Endpoints;
  /** Makes webhooks, connections and the HTTP API fail. */
  readonly faults: FaultInjection;
  /** All webhook events since the start or the last reset, with their status. */
  readonly events: readonly EmulatorEvent[];
  /** Every delivery to an endpoint, with all attempts. */
  readonly deliveries: readonly EmulatorDelivery[];
  /**
   * Resolves with a record of everything since the start or the last reset, as plain JSON without secrets: what the emulator
   * received and when, and every webhook with its body, attempts and outcome. Call `idle()` first, so that nothing is pending.
   *
   * ```ts
   * await writeFile('run.json', JSON.stringify(await soketify.record(), null, 2));
   * ```
   */
  record(): Promise<RunRecord>;
  /** Resolves with the channels that are occupied now. */
  channels(): Promise<readonly ChannelInfo[]>;
  /** The connections that are open now. */
  connections(): readonly ConnectionInfo[];
  /**
   * Resolves when no event is queued and no request to an endpoint is in progress. It moves the virtual clock as far as batching
   * and retries need, but does not wait for grace periods.
   *
   * @throws EmulatorError with ERR_NOT_IDLE after the timeout, 5000 ms by default; ERR_RESET or ERR_CLOSED if the emulator is reset
   * or closed meanwhile.
   */
  idle(options?: Pick<WaitOptions, 'timeoutMs'>): Promise<void>;
  /**
   * Clears all state without sending webhooks: closes the connections, empties channels, caches and queues, clears faults and
   * records. The clock keeps its time.
   */
  reset(options?: ResetOptions): Promise<void>;
}

/** What a view of one app, or of all apps, needs. */
export interface AppViewParts {
  readonly core: EmulatorCore;
  readonly apps: Apps;
  /** Undefined: all apps. */
  readonly appId: string | undefined;
  readonly address: ServerAddress;
  /** The app whose credentials and endpoints the view shows. */
  readonly named: () => Credentials;
}

/** The view of one app or, with `appId` undefined, of all apps; the first one gives the credentials. */
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

  /** The name of the class in `console.log`. */
  protected get kind(): string {
    return 'EmulatorApp';
  }

  /** The fields that `console.log` shows. */
  protected summary(): object {
    const { isClosed } = this.#core;
    const isThere = !isClosed && this.#core.held.apps.byId(this.#appId ?? '') !== undefined;
    return isThere
      ? { id: this.id, key: this.key }
      : { id: this.#appId, state: isClosed ? 'closed' : 'removed' };
  }

  get id(): string {
    // The view of one app has its id also when the app is gone.
    return this.#appId ?? this.#named().id;
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
