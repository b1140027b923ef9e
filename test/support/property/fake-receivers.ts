import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Outcome, WebhookRequest, WebhookSender } from '../../../src/ports/webhook-sender.ts';

/** The result of one attempt. `received`: the body arrived, whatever the answer. */
export interface Fate {
  readonly outcome: Outcome;
  readonly received: boolean;
  readonly takesMs: number;
}

export const answered = (status: number, takesMs = 5, retryAfterMs?: number): Fate => ({
  outcome: { kind: 'answered', status, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  received: true,
  takesMs,
});

/** One webhook event, as a receiver reads it. */
export interface ReceivedEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string;
  readonly data?: string;
}

interface Delivery {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: readonly ReceivedEvent[];
  attempts: number;
  isInProgress: boolean;
  isDone: boolean;
  /** The process was killed meanwhile, so an attempt may be counted that was not made. */
  maySkip: boolean;
}

/** A receiver at one URL: its owner, and what it received. */
export class Receiver {
  readonly key: string;
  readonly secret: string;
  /** What was answered 2xx, each delivery once, in the order of the answers. */
  readonly taken: ReceivedEvent[] = [];
  /** What was received, each delivery once, in the order of arrival, whatever the answer. */
  readonly seen: ReceivedEvent[] = [];
  /** What was answered 2xx with the answer reaching the process, in the order of the answers. */
  readonly acknowledged: ReceivedEvent[] = [];
  readonly deliveries = new Map<string, Delivery>();
  #seenIds = new Set<string>();
  #takenIds = new Set<string>();
  #fates: readonly Fate[] = [];
  #sent = 0;
  #downUntil = -Infinity;
  #isHealed = false;

  constructor(key: string, secret: string, fates: readonly Fate[]) {
    this.key = key;
    this.secret = secret;
    this.#fates = fates;
  }

  /** Does not answer until this moment. */
  downUntil(at: number): void {
    this.#downUntil = at;
  }

  heal(): void {
    this.#isHealed = true;
  }

  decide(at: number): Fate {
    this.#sent += 1;
    if (this.#isHealed) return answered(200);
    if (at < this.#downUntil)
      return { outcome: { kind: 'unreachable', code: 'X' }, received: false, takesMs: 1 };
    return this.#fates[this.#sent % this.#fates.length] ?? answered(200);
  }

  see(id: string, events: readonly ReceivedEvent[]): void {
    if (this.#seenIds.has(id)) return;
    this.#seenIds.add(id);
    this.seen.push(...events);
  }

  take(id: string, events: readonly ReceivedEvent[]): void {
    if (this.#takenIds.has(id)) return;
    this.#takenIds.add(id);
    this.taken.push(...events);
  }
}

/**
 * The world of receivers. It checks each request as a strict receiver would: with `assert`, because there are many thousands of
 * requests, and an `expect` takes longer than everything else that a request needs.
 */
export class FakeReceivers implements WebhookSender {
  readonly #clock: Clock;
  readonly #receivers: ReadonlyMap<string, Receiver>;
  /** What was wrong with requests. An exception would be lost in the program's promise chain. */
  readonly faults: unknown[] = [];
  /** How often the process was killed. */
  #kills = 0;

  constructor(clock: Clock, receivers: ReadonlyMap<string, Receiver>) {
    this.#clock = clock;
    this.#receivers = receivers;
  }

  send(request: WebhookRequest, timeoutMs: number): Promise<Outcome> {
    const receiver = this.#receivers.get(request.url);
    const id = request.headers['webhook-id'] ?? '';
    const delivery = receiver && this.#check(receiver, id, request);
    if (receiver === undefined || delivery === undefined) {
      return Promise.resolve({ kind: 'unreachable', code: 'FAULT' });
    }
    const { outcome, received, takesMs } = receiver.decide(this.#clock.now());
    const kills = this.#kills;
    return new Promise((resolve) => {
      if (received) receiver.see(id, delivery.events);
      this.#clock.after(Math.min(takesMs, timeoutMs), () => {
        const isSameRun = kills === this.#kills;
        if (isSameRun) delivery.isInProgress = false;
        const isInTime = takesMs < timeoutMs;
        const isTaken = outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
        if (isTaken && isInTime) {
          if (isSameRun) delivery.isDone = true;
          if (isSameRun) receiver.acknowledged.push(...delivery.events);
          receiver.take(id, delivery.events);
        }
        resolve(isInTime ? outcome : { kind: 'timeout' });
      });
    });
  }

  async close(): Promise<void> {}

  /** The sending process was killed. Unsaved deliveries may be sent again, with unused attempt numbers. */
  killed(): void {
    this.#kills += 1;
    for (const { deliveries } of this.#receivers.values()) {
      for (const delivery of deliveries.values()) {
        delivery.isInProgress = false;
        delivery.isDone = false;
        delivery.maySkip = true;
      }
    }
  }

  #check(receiver: Receiver, id: string, request: WebhookRequest): Delivery | undefined {
    try {
      const delivery = receiver.deliveries.get(id) ?? {
        ...open(receiver, request),
        maySkip: this.#kills > 0,
      };
      receiver.deliveries.set(id, delivery);
      expectAttempt(delivery, request);
      expectTurn(receiver, delivery);
      return delivery;
    } catch (fault) {
      this.faults.push(fault);
      return undefined;
    }
  }
}

function open(receiver: Receiver, { body, headers }: WebhookRequest): Delivery {
  const bytes = Buffer.from(body);
  assert.equal(headers['X-Pusher-Key'], receiver.key);
  const signature = createHmac('sha256', receiver.secret).update(bytes).digest('hex');
  assert.equal(headers['X-Pusher-Signature'], signature);
  assert.equal(headers['Content-Type'], 'application/json');
  const { time_ms: timeMs, events } = JSON.parse(bytes.toString()) as {
    time_ms: number;
    events: ReceivedEvent[];
  };
  assert.ok(events.length > 0, 'a webhook without events');
  assert.ok(
    Number(headers['webhook-timestamp']) >= Math.floor(timeMs / 1000),
    'an attempt before its delivery',
  );
  return { body: bytes, headers, events, attempts: 0, isInProgress: false, isDone: false, maySkip: false };
}

/** The bytes and headers are the same each time, except for the number and the time of the attempt, which increase. */
function expectAttempt(delivery: Delivery, { body, headers }: WebhookRequest): void {
  assert.ok(!delivery.isInProgress, 'an attempt while another one is in progress');
  assert.ok(!delivery.isDone, 'an attempt after the delivery has succeeded');
  const number = Number(headers['X-Soketify-Attempt']);
  if (delivery.maySkip) assert.ok(number > delivery.attempts, `attempt ${number} after ${delivery.attempts}`);
  else assert.equal(number, delivery.attempts + 1);
  delivery.attempts = number;
  delivery.maySkip = false;
  delivery.isInProgress = true;
  assert.ok(Buffer.from(body).equals(delivery.body), 'an attempt with other bytes');
  const timestamp = 'webhook-timestamp';
  assert.ok(
    Number(headers[timestamp]) >= Number(delivery.headers[timestamp]),
    'an attempt before an earlier one',
  );
  const own = { 'X-Soketify-Attempt': '', [timestamp]: '' };
  assert.deepEqual({ ...headers, ...own }, { ...delivery.headers, ...own });
}

/** No other events of these channels are in progress. */
function expectTurn(receiver: Receiver, delivery: Delivery): void {
  const channels = new Set(delivery.events.map(({ channel }) => channel));
  for (const other of receiver.deliveries.values()) {
    if (other === delivery || !other.isInProgress) continue;
    assert.deepEqual(
      other.events.filter(({ channel }) => channels.has(channel)),
      [],
    );
  }
}
