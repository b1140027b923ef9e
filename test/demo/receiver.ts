import { startReceiver, type ReceivedWebhook, type Receiver as LibraryReceiver } from '../../src/index.ts';
import { DemoFault } from './fault.ts';
import { elapsedMs } from './screen.ts';

/** One webhook event, as Soketify documents it. */
export interface WebhookEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly socket_id?: string;
}

/** A webhook event, with the request that carried it. */
export interface Arrival {
  readonly event: WebhookEvent;
  readonly atMs: number;
  /** The number of the request, counted from 1. Events of one batch share it. */
  readonly post: number;
  readonly webhookId: string;
  readonly attempt: number;
  /** The status that the receiver answered. */
  readonly status: ReceivedWebhook['status'];
}

/** Receives every request as it arrives. */
export interface Watcher {
  /** Called for each webhook event of a request with a valid signature. */
  onArrival(arrival: Arrival): void;
  /** Called for a request with an invalid signature, which was answered 401. */
  onForgery(): void;
}

interface Expectation {
  readonly matches: (arrival: Arrival) => boolean;
  readonly resolve: (arrival: Arrival) => void;
}

/** The webhook endpoint of the demo: the library's receiver, and expectations of future events. */
export class Receiver {
  readonly #watcher: Watcher;
  readonly #library: LibraryReceiver;
  #expectations: Expectation[] = [];
  #posts = 0;

  private constructor(watcher: Watcher, library: LibraryReceiver) {
    this.#watcher = watcher;
    this.#library = library;
  }

  /** Listens on a free port. */
  static async start(secret: string, watcher: Watcher): Promise<Receiver> {
    const library = await startReceiver({
      secret,
      path: '/webhooks/soketify',
      onWebhook: (webhook) => receiver.#onWebhook(webhook),
    });
    const receiver = new Receiver(watcher, library);
    return receiver;
  }

  /** The URL for the webhook configuration. */
  get url(): string {
    return this.#library.url;
  }

  /** Answers 500 to the next request. */
  refuseOnce(): void {
    this.#library.respondWith({ status: 500, times: 1 });
  }

  /** Resolves with the next arrival that matches. */
  next(matches: (arrival: Arrival) => boolean): Promise<Arrival> {
    return new Promise((resolve) => void this.#expectations.push({ matches, resolve }));
  }

  /** The webhook events of a channel that were accepted so far, such as "member_added user-42". */
  about(channel: string): string[] {
    return this.#library.events
      .filter((event: WebhookEvent) => event.channel === channel)
      .map((event: WebhookEvent) =>
        [event.name, event.user_id].filter((part) => part !== undefined).join(' '),
      );
  }

  /** The state that replaying all accepted webhook events gives. */
  state(): ReturnType<LibraryReceiver['state']> {
    return this.#library.state();
  }

  close(): Promise<void> {
    return this.#library.close();
  }

  #onWebhook({ verdict, events, id = '', attempt, status }: ReceivedWebhook): void {
    if (!verdict.verified) return this.#watcher.onForgery();
    this.#posts += 1;
    for (const event of events) {
      const arrival = { event, status, post: this.#posts, atMs: elapsedMs(), webhookId: id, attempt };
      this.#watcher.onArrival(arrival);
      const met = this.#expectations.filter(({ matches }) => matches(arrival));
      this.#expectations = this.#expectations.filter((expectation) => !met.includes(expectation));
      for (const { resolve } of met) resolve(arrival);
    }
  }
}

/**
 * Posts a webhook with an invalid signature, as an attacker without the secret would.
 * @throws DemoFault unless the receiver answers 401.
 */
export async function forge(url: string): Promise<void> {
  const body = '{"time_ms":1,"events":[{"name":"channel_occupied","channel":"bank"}]}';
  const headers = { 'content-type': 'application/json', 'x-pusher-signature': 'f'.repeat(64) };
  const { status } = await fetch(url, { method: 'POST', headers, body });
  if (status !== 401) throw new DemoFault(`A forged webhook was answered ${status} instead of 401.`);
}
