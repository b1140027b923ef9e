import type { Ledger } from '../ports/ledger.ts';
import type { QueueReading } from '../ports/metrics.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { QueuedEvent } from '../webhooks/backlog.ts';
import { selects } from '../webhooks/endpoint.ts';
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
  readonly #endpoints = new Map<string, readonly EndpointDispatcher[]>();
  readonly #misses = new WeakMap<WebhookEvent, MissTally>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    for (const app of options.applications) {
      const decide = (verdict: Verdict): void => this.#decide(app.id, verdict);
      const dispatchers = app.endpoints.map(
        (endpoint) => new EndpointDispatcher(app, endpoint, options, decide),
      );
      this.#endpoints.set(app.id, dispatchers);
    }
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
    for (const dispatchers of this.#endpoints.values()) {
      for (const dispatcher of dispatchers) yield dispatcher.read();
    }
  }

  /** Delivers what is queued, for at most so long; what is left then is dropped, with a record. */
  async close(withinMs: number): Promise<void> {
    const dispatchers = [...this.#endpoints.values()].flat();
    const cancel = this.#options.clock.after(withinMs, () => this.abandon());
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.flush()));
    cancel();
    this.abandon();
  }

  /** Drops whatever is queued, with a record, and delivers nothing more. */
  abandon(): void {
    for (const dispatcher of [...this.#endpoints.values()].flat()) dispatcher.abandon();
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
