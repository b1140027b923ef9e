import type { Ledger } from '../ports/ledger.ts';
import type { QueueReading } from '../ports/metrics.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { QueuedEvent } from '../webhooks/backlog.ts';
import { selects, type Endpoint } from '../webhooks/endpoint.ts';
import { encodeEvent, type WebhookEvent } from '../webhooks/event.ts';
import type { Application } from './application.ts';
import type { DropJournal } from './drop-journal.ts';
import { EndpointDispatcher, type DeliveryOptions, type Verdict } from './endpoint-dispatcher.ts';

/** What the dispatcher is made with. */
export interface DispatcherOptions extends DeliveryOptions {
  readonly applications: readonly Application[];
  readonly drops: DropJournal;
  /** Looked up when a cache miss reached nobody, because the ledger itself is made with the dispatcher. */
  readonly ledger: () => Pick<Ledger, 'forgetCacheMiss'>;
}

/** How the endpoints that wanted a cache_miss have fared so far. */
interface MissTally {
  undecided: number;
  wasDelivered: boolean;
}

/**
 * From facts to deliveries: each event goes to the queues of the endpoints that select it, encoded once.
 * On a single node it is the outbox itself: what is appended is queued in the same turn.
 */
export class Dispatcher implements Outbox {
  readonly #options: DispatcherOptions;
  #endpoints: ReadonlyMap<string, readonly EndpointDispatcher[]> = new Map();
  /** Endpoints that are configured no more, until what they were to get is decided; by app and endpoint. */
  readonly #leaving = new Map<string, EndpointDispatcher>();
  readonly #misses = new WeakMap<WebhookEvent, MissTally>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.replace(options.applications);
  }

  /**
   * Serves the endpoints of these apps from now on. One that stays keeps its queue, under whatever URL and
   * headers it now has; one that goes still gets what it was to get, but nothing more.
   */
  replace(applications: readonly Application[]): void {
    const unclaimed = new Map([...this.#leaving, ...this.#byIdentity()]);
    const kept = applications.map((app) => {
      const dispatchers = app.endpoints.map((endpoint) => {
        const identity = identify(app.id, endpoint.id);
        const known = unclaimed.get(identity);
        unclaimed.delete(identity);
        this.#leaving.delete(identity);
        known?.replace(app, endpoint);
        return known ?? this.#create(app, endpoint);
      });
      return [app.id, dispatchers] as const;
    });
    this.#endpoints = new Map(kept);
    for (const [identity, dispatcher] of unclaimed) this.#letGo(identity, dispatcher);
  }

  append(appId: string, events: readonly WebhookEvent[]): void {
    const dispatchers = this.#endpoints.get(appId);
    if (dispatchers === undefined || dispatchers.length === 0) return;
    const createdAt = this.#options.clock.now();
    for (const event of events) {
      const wanting = dispatchers.filter(({ endpoint }) => selects(endpoint, event.name, event.channel));
      if (wanting.length === 0) continue;
      if (event.name === 'cache_miss') {
        this.#misses.set(event, { undecided: wanting.length, wasDelivered: false });
      }
      this.#options.metrics.webhookQueued(appId, event.name);
      const json = encodeEvent(event);
      const queued: QueuedEvent = { event, json, bytes: Buffer.byteLength(json), createdAt };
      for (const dispatcher of wanting) dispatcher.push(queued);
    }
  }

  /** What every endpoint has waiting now. */
  *readQueues(): Generator<QueueReading, void> {
    for (const dispatcher of this.#all()) yield dispatcher.read();
  }

  /** Delivers what is queued, for at most so long; what is left then is dropped, with a record. */
  async close(withinMs: number): Promise<void> {
    const dispatchers = this.#all();
    const cancel = this.#options.clock.after(withinMs, () => this.abandon());
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.flush()));
    cancel();
    this.abandon();
  }

  /** Drops whatever is queued, with a record, and delivers nothing more. */
  abandon(): void {
    for (const dispatcher of this.#all()) dispatcher.abandon();
  }

  #all(): readonly EndpointDispatcher[] {
    return [...this.#endpoints.values(), [...this.#leaving.values()]].flat();
  }

  #byIdentity(): readonly (readonly [string, EndpointDispatcher])[] {
    return [...this.#endpoints].flatMap(([appId, dispatchers]) =>
      dispatchers.map((dispatcher) => [identify(appId, dispatcher.endpoint.id), dispatcher] as const),
    );
  }

  #create(app: Application, endpoint: Endpoint): EndpointDispatcher {
    return new EndpointDispatcher(app, endpoint, this.#options, (verdict) => this.#decide(app.id, verdict));
  }

  #letGo(identity: string, dispatcher: EndpointDispatcher): void {
    if (this.#leaving.get(identity) === dispatcher) return;
    this.#leaving.set(identity, dispatcher);
    void this.#forgetOnceEmpty(identity, dispatcher);
  }

  async #forgetOnceEmpty(identity: string, dispatcher: EndpointDispatcher): Promise<void> {
    await dispatcher.emptied();
    // It may have been configured again meanwhile.
    if (this.#leaving.get(identity) === dispatcher) this.#leaving.delete(identity);
  }

  #decide(appId: string, { endpoint, kind, events }: Verdict): void {
    for (const { event } of events) {
      if (kind !== 'delivered') {
        const { channel, name } = event;
        const timeMs = this.#options.wallTime.now();
        this.#options.drops.add(appId, { endpoint: endpoint.id, channel, name, reason: kind, timeMs });
      }
      if (event.name === 'cache_miss') this.#tally(appId, event, kind === 'delivered');
    }
  }

  /** A cache miss that every endpoint dropped was heard by nobody: the next one is to be reported again. */
  #tally(appId: string, event: Extract<WebhookEvent, { name: 'cache_miss' }>, isDelivered: boolean): void {
    const tally = this.#misses.get(event);
    if (tally === undefined) return;
    tally.undecided -= 1;
    tally.wasDelivered ||= isDelivered;
    if (tally.undecided > 0 || tally.wasDelivered) return;
    void this.#options.ledger().forgetCacheMiss(appId, event.channel, event.episode);
  }
}

function identify(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
