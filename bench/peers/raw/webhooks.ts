import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Pool } from 'undici';
import type { App, Settings } from './settings.ts';

/** How long an event waits for others, and how many POSTs are in progress: the emulator's defaults. */
const waitMs = 250;
const connections = 10;

/**
 * The minimum that sends webhooks: it batches, signs and posts events. It ignores the result of a POST, never
 * retries, and does not keep the order of a channel's events.
 */
export class Webhooks {
  readonly #endpoints: readonly Endpoint[];

  constructor({ webhooks, batchEvents, apps: [app] }: Settings) {
    this.#endpoints =
      app === undefined ? [] : webhooks.map((webhook) => new Endpoint(webhook, app, batchEvents));
  }

  /** Whether an endpoint wants this type of event. */
  wants(name: string): boolean {
    return this.#endpoints.some(({ eventTypes }) => eventTypes.has(name));
  }

  /** Sends an event, given as JSON for the body. */
  add(name: string, json: string): void {
    for (const endpoint of this.#endpoints) if (endpoint.eventTypes.has(name)) endpoint.push(json);
  }
}

class Endpoint {
  readonly eventTypes: ReadonlySet<string>;
  readonly #key: string;
  readonly #secret: KeyObject;
  readonly #batchEvents: number;
  readonly #pool: Pool;
  readonly #path: string;
  #events: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    { url, eventTypes }: Settings['webhooks'][number],
    { key, secret }: App,
    batchEvents: Settings['batchEvents'],
  ) {
    const { origin, pathname } = new URL(url);
    this.eventTypes = new Set(eventTypes);
    this.#key = key;
    this.#secret = createSecretKey(secret, 'utf8');
    this.#batchEvents = batchEvents;
    this.#pool = new Pool(origin, { connections, headersTimeout: 0, bodyTimeout: 0 });
    this.#path = pathname;
  }

  push(json: string): void {
    this.#events.push(json);
    if (this.#events.length >= this.#batchEvents) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), waitMs);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const body = Buffer.from(`{"time_ms":${Date.now()},"events":[${this.#events.join(',')}]}`);
    this.#events = [];
    const headers = {
      'Content-Type': 'application/json',
      'X-Pusher-Key': this.#key,
      'X-Pusher-Signature': createHmac('sha256', this.#secret).update(body).digest('hex'),
    };
    this.#pool.request({ path: this.#path, method: 'POST', headers, body }).then(
      (answer) => answer.body.dump(),
      () => undefined,
    );
  }
}
