import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import type { Application } from '../apps/application.ts';
import type { EndpointDispatcher } from './endpoint-dispatcher.ts';

/** What routing needs. */
export interface EndpointDirectoryOptions {
  readonly clock: Clock;
  /** How long a removed app is remembered, because the store may still return its departures; undefined: not at all. */
  readonly rememberRemovedMs: Millis | undefined;
  readonly create: (app: Application, endpoint: Endpoint) => EndpointDispatcher;
}

/** An app that is no longer configured. */
interface GoneApp {
  readonly dispatchers: readonly EndpointDispatcher[];
  readonly cancel: Cancel;
}

const none: readonly EndpointDispatcher[] = [];

/**
 * The endpoints to which events of an app go. An endpoint is configured; or leaving, until its waiting events are decided; or
 * gone. Apps are identified by id, endpoints by app and id: an endpoint that stays keeps its queue when its configuration changes.
 */
export class EndpointDirectory {
  readonly #options: EndpointDirectoryOptions;
  #configured: ReadonlyMap<string, readonly EndpointDispatcher[]> = new Map();
  /** By app and endpoint. */
  readonly #leaving = new Map<string, EndpointDispatcher>();
  /** Removed apps. Their endpoints are leaving. */
  readonly #gone = new Map<string, GoneApp>();

  constructor(options: EndpointDirectoryOptions) {
    this.#options = options;
  }

  /** The endpoints of an app that is configured, or was recently. */
  of(appId: string): readonly EndpointDispatcher[] {
    return this.#configured.get(appId) ?? this.#gone.get(appId)?.dispatchers ?? none;
  }

  isConfigured(appId: string): boolean {
    return this.#configured.has(appId);
  }

  /** Whether the app is configured, or was recently. */
  knows(appId: string): boolean {
    return this.#configured.has(appId) || this.#gone.has(appId);
  }

  /** The endpoint, if it is configured. */
  configured(appId: string, endpointId: string): EndpointDispatcher | undefined {
    return this.#configured.get(appId)?.find(({ endpoint }) => endpoint.id === endpointId);
  }

  find(appId: string, endpointId: string): EndpointDispatcher | undefined {
    return this.configured(appId, endpointId) ?? this.#leaving.get(identify(appId, endpointId));
  }

  /** All endpoints that are configured or leaving. */
  all(): readonly EndpointDispatcher[] {
    return [...this.#configured.values(), [...this.#leaving.values()]].flat();
  }

  /** From now on, these apps are configured. */
  replace(applications: readonly Application[]): void {
    const unclaimed = new Map([...this.#leaving, ...this.#byIdentity()]);
    const kept = applications.map((app) => {
      const dispatchers = app.endpoints.map((endpoint) => {
        const identity = identify(app.id, endpoint.id);
        const known = unclaimed.get(identity);
        unclaimed.delete(identity);
        this.#leaving.delete(identity);
        known?.replace(app, endpoint);
        return known ?? this.#options.create(app, endpoint);
      });
      return [app.id, dispatchers] as const;
    });
    const before = this.#configured;
    this.#configured = new Map(kept);
    for (const [appId, dispatchers] of before) {
      if (!this.#configured.has(appId)) this.#rememberGone(appId, dispatchers);
    }
    for (const [identity, dispatcher] of unclaimed) this.#letGo(identity, dispatcher);
    for (const appId of this.#gone.keys()) if (this.#configured.has(appId)) this.#forgetGone(appId);
  }

  /** Forgets what waits for the app's endpoints. They start with empty queues after `work`, and do not receive its events. */
  renew(appId: string, work: () => void): void {
    const before = this.#configured;
    for (const dispatcher of this.all()) if (dispatcher.app.id === appId) dispatcher.stop();
    for (const [identity, { app }] of this.#leaving) if (app.id === appId) this.#leaving.delete(identity);
    const others = [...before].filter(([id]) => id !== appId);
    this.#configured = new Map(others);
    work();
    const anew = (before.get(appId) ?? none).map(({ app, endpoint }) => this.#options.create(app, endpoint));
    this.#configured = new Map([...others, [appId, anew]]);
  }

  /** Stops all endpoints immediately, and forgets them. */
  stop(): void {
    for (const dispatcher of this.all()) dispatcher.stop();
    this.#configured = new Map();
    this.#leaving.clear();
    for (const { cancel } of this.#gone.values()) cancel();
    this.#gone.clear();
  }

  #byIdentity(): readonly (readonly [string, EndpointDispatcher])[] {
    return [...this.#configured].flatMap(([appId, dispatchers]) =>
      dispatchers.map((dispatcher) => [identify(appId, dispatcher.endpoint.id), dispatcher] as const),
    );
  }

  #rememberGone(appId: string, dispatchers: readonly EndpointDispatcher[]): void {
    const { clock, rememberRemovedMs } = this.#options;
    if (rememberRemovedMs === undefined) return;
    const cancel = clock.after(rememberRemovedMs, () => this.#forgetGone(appId));
    this.#gone.set(appId, { dispatchers, cancel });
  }

  #forgetGone(appId: string): void {
    const gone = this.#gone.get(appId);
    this.#gone.delete(appId);
    gone?.cancel();
    for (const dispatcher of gone?.dispatchers ?? none) {
      void this.#forgetOnceEmpty(identify(appId, dispatcher.endpoint.id), dispatcher);
    }
  }

  #letGo(identity: string, dispatcher: EndpointDispatcher): void {
    if (this.#leaving.get(identity) === dispatcher) return;
    this.#leaving.set(identity, dispatcher);
    dispatcher.leave();
    const isOfGone = [...this.#gone.values()].some(({ dispatchers }) => dispatchers.includes(dispatcher));
    if (!isOfGone) void this.#forgetOnceEmpty(identity, dispatcher);
  }

  async #forgetOnceEmpty(identity: string, dispatcher: EndpointDispatcher): Promise<void> {
    await dispatcher.emptied();
    // It may have been configured again meanwhile.
    if (this.#leaving.get(identity) !== dispatcher) return;
    this.#leaving.delete(identity);
    dispatcher.stop();
  }
}

function identify(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
