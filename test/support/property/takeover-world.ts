import assert from 'node:assert/strict';
import { createDispatcher } from '../unit/create-dispatcher.ts';
import type { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import { DropJournal, type DroppedEvent } from '../../../src/delivery-log/drop-journal.ts';
import { Recorder } from '../../../src/recording/recorder.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import type { Millis } from '../../../src/ports/clock.ts';
import type { Settlement } from '../../../src/ports/delivery-store.ts';
import type { Outcome, WebhookRequest, WebhookSender } from '../../../src/ports/webhook-sender.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import { FakeClock } from '../fake-clock.ts';
import { application } from '../unit/application.ts';
import { defaultPolicy } from './delivery-shell.ts';
import { FakeStreams, StreamsClient, type KeepAnswer } from './fake-streams.ts';

/** The result of one attempt. */
export interface AttemptFate {
  readonly ok: boolean;
  /** The body was received, but no success was answered. */
  readonly isReceived: boolean;
  /** The body is received even if the sending process crashes first. */
  readonly survives: boolean;
  readonly takesMs: Millis;
}

export interface TakeoverOptions {
  readonly endpoints: readonly Endpoint[];
  readonly maxEvents: number;
  readonly fates: readonly AttemptFate[];
  readonly keepAnswers: readonly KeepAnswer[];
  /** The delay to the store, one way. */
  readonly storeDelayMs: Millis;
  /** How long after its append an event is read, and how many are read per stream and call. */
  readonly readMs: Millis;
  readonly pageSize: number;
}

/** The time after which the attempts of a crashed process have certainly ended. */
export const leaseMs: Millis = 5000;

interface Process {
  readonly dispatcher: Dispatcher;
  readonly client: StreamsClient;
  /** How many entries of each stream were read. */
  readonly read: number[];
  isReading: boolean;
}

/** Several processes, one after the other, that dispatch from the same streams to the same receivers. */
export class TakeoverWorld {
  readonly clock = new FakeClock(1_000_000);
  readonly streams: FakeStreams;
  readonly faults: unknown[] = [];
  /** What a node records that gives everything up, and takes it back. */
  readonly recorder: Recorder;
  readonly #options: TakeoverOptions;
  #process: Process | undefined;
  #isHealed = false;
  #appended = 0;
  #attempts = 0;
  #keeps = 0;
  #ids = 0;
  #dropped: DroppedEvent[] = [];
  /** By endpoint and event: the delivery's id, or `dropped`. */
  readonly #fates = new Map<string, string>();
  readonly #bodies = new Map<string, string>();
  readonly #latest = new Map<string, number>();

  constructor(options: TakeoverOptions) {
    this.#options = options;
    this.streams = new FakeStreams(this.clock, options.endpoints);
    this.recorder = new Recorder({ clock: this.clock, wallTime: this.clock });
    this.start();
  }

  append(channel: string, isEssential: boolean): void {
    const number = String(this.#appended);
    const place = { channel: channel as ChannelName };
    this.#appended += 1;
    this.streams.append(
      isEssential
        ? { name: 'member_added', ...place, userId: number }
        : {
            name: 'client_event',
            ...place,
            event: 'client-x',
            data: number,
            socketId: '1.1' as never,
            userId: number,
          },
    );
    this.#wakeReader();
  }

  /** Another process takes over. */
  start(): void {
    if (this.#process !== undefined) return;
    const { endpoints, keepAnswers, maxEvents, storeDelayMs } = this.#options;
    let isToResume = false;
    const client: StreamsClient = new StreamsClient(this.streams, this.clock, storeDelayMs, {
      fault: (fault) => this.faults.push(fault),
      settling: (settlement) => this.#guard(() => this.#checkSettlement(settlement)),
      answerKeep: () => {
        this.#keeps += 1;
        const answer = this.#isHealed ? 'kept' : (keepAnswers[this.#keeps % keepAnswers.length] ?? 'kept');
        if (answer !== 'kept' && !isToResume) {
          isToResume = true;
          this.clock.after(700, () => {
            isToResume = false;
            dispatcher.resume();
          });
        }
        return answer;
      },
    });
    const drops = new DropJournal();
    drops.add = (_, dropped) => void this.#dropped.push(dropped);
    const { dispatcher } = createDispatcher({
      drops,
      clock: this.clock,
      ids: { webhookId: () => `msg_${(this.#ids += 1)}` },
      sender: this.#createSender(client),
      applications: [application({ endpoints })],
      policy: { ...defaultPolicy, batch: { ...defaultPolicy.batch, maxEvents } },
      store: client,
      onFact: this.recorder.onFact,
    });
    this.#process = { dispatcher, client, read: this.streams.streams.map(() => 0), isReading: false };
    for (const batch of this.streams.restorable().toReversed()) dispatcher.restore(batch);
    this.#wakeReader();
  }

  /** Kills the process. Another takes over once its attempts have certainly ended. */
  crash(takeoverMs: Millis): void {
    if (this.#process === undefined) return;
    this.#process.client.isDead = true;
    this.#process.dispatcher.stop();
    this.#process = undefined;
    this.#guard(() => this.#expectNoRecord(['pending']));
    this.clock.after(leaseMs + takeoverMs, () => this.start());
  }

  /** Shuts the process down. Another takes over immediately. */
  halt(): void {
    const process = this.#process;
    if (process === undefined) return;
    void process.dispatcher.halt().then(() => {
      // It may have crashed meanwhile.
      if (this.#process !== process) return;
      this.#process = undefined;
      this.#guard(() => this.#expectNoRecord(['pending']));
      // Its last messages have reached the store.
      this.clock.after(this.#options.storeDelayMs, () => this.start());
    });
  }

  /** No attempt may start for this long. */
  forbid(forMs: Millis): void {
    const process = this.#process;
    if (process === undefined) return;
    process.client.isAllowing = false;
    this.clock.after(forMs, () => {
      process.client.isAllowing = true;
      process.dispatcher.resume();
    });
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#isHealed = true;
  }

  /**
   * Checks that every appended event was received by each endpoint that selects it, or was dropped, and that
   * nothing is left.
   */
  expectAllDone(): void {
    assert.deepEqual(this.faults, []);
    assert.equal(this.streams.batches, 0);
    for (const { ref, endpointIds, isDone } of this.streams.entries) {
      assert.ok(isDone, `${ref} is not done`);
      for (const id of endpointIds)
        assert.ok(this.#fates.has(`${id} ${ref}`), `${ref} did not come to ${id}`);
    }
  }

  /** Checks that each event and each delivery has one record, which knows the end. */
  expectRecorded(): void {
    this.#expectNoRecord(['pending', 'moved', 'filtered']);
    const { recorder } = this;
    const numbers = recorder.eventRecords().map(({ happening: { event } }) => numberOf(event));
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: this.#appended }, (_, number) => number),
    );
    for (const record of recorder.eventRecords()) {
      const { event, atMs } = record.happening;
      assert.equal(atMs, this.streams.entries[numberOf(event)]?.at);
      for (const { endpoint, status } of record.endpoints) {
        // What was received may be dropped: the answer was a failure, or was lost.
        if (this.#fates.get(`${endpoint} e${numberOf(event)}`) === 'dropped') assert.equal(status, 'dropped');
      }
    }
  }

  #expectNoRecord(statuses: readonly string[]): void {
    const { recorder } = this;
    const found = [
      ...recorder.eventRecords().map(({ id, status }) => ({ id, status })),
      ...recorder.deliveryRecords().map(({ id, outcome: { status } }) => ({ id, status })),
    ];
    assert.deepEqual(
      found.filter(({ status }) => statuses.includes(status)),
      [],
    );
  }

  get drops(): number {
    return [...this.#fates.values()].filter((fate) => fate === 'dropped').length;
  }

  #wakeReader(): void {
    const process = this.#process;
    if (process === undefined || process.isReading) return;
    process.isReading = true;
    this.clock.after(this.#options.readMs, () => {
      process.isReading = false;
      if (process === this.#process) this.#read(process);
    });
  }

  #read({ dispatcher, read }: Process): void {
    for (const [index, stream] of this.streams.streams.entries()) {
      const from = read[index] ?? 0;
      const page = stream.slice(from, from + this.#options.pageSize);
      read[index] = from + page.length;
      for (const entry of page) {
        if (!entry.isDone) dispatcher.take('1', entry.event, this.streams.originOf(entry));
      }
      if (page.length > 0) this.#wakeReader();
    }
  }

  #createSender(client: StreamsClient): WebhookSender {
    return {
      close: async () => {},
      send: (request) => {
        const fate = this.#nextFate();
        const endpoint = this.#options.endpoints.find(({ url }) => url === request.url);
        if (client.isDead) this.faults.push(new Error('an attempt of a process that has exited'));
        this.clock.after(fate.takesMs / 2, () => {
          if (!fate.isReceived || (client.isDead && !fate.survives)) return;
          this.#guard(() => this.#receive(endpoint?.id ?? '', request));
        });
        const outcome: Outcome = { kind: 'answered', status: fate.ok ? 200 : 500 };
        return new Promise((resolve) => void this.clock.after(fate.takesMs, () => resolve(outcome)));
      },
    };
  }

  #nextFate(): AttemptFate {
    const { fates } = this.#options;
    this.#attempts += 1;
    const fate = this.#isHealed ? undefined : fates[this.#attempts % fates.length];
    if (fate === undefined) return { ok: true, isReceived: true, survives: true, takesMs: 5 };
    return { ...fate, isReceived: fate.ok || fate.isReceived };
  }

  #receive(endpointId: string, { headers, body }: WebhookRequest): void {
    const id = headers['webhook-id'] ?? '';
    const text = Buffer.from(body).toString();
    const key = `${endpointId} ${id}`;
    const earlier = this.#bodies.get(key);
    if (earlier !== undefined) {
      assert.equal(text, earlier);
      return;
    }
    this.#bodies.set(key, text);
    const { events } = JSON.parse(text) as { events: { channel: string; user_id: string }[] };
    for (const { channel, user_id: number } of events) {
      const lane = `${endpointId} ${channel}`;
      const latest = this.#latest.get(lane) ?? -1;
      assert.ok(Number(number) > latest, `${lane}: ${number} came after ${latest}`);
      this.#latest.set(lane, Number(number));
      assert.equal(this.#fates.get(`${endpointId} e${number}`), undefined);
      this.#fates.set(`${endpointId} e${number}`, id);
    }
  }

  /** A settled event was either just dropped, with a record, or received in this very delivery. */
  #checkSettlement({ endpointId, batchId, events }: Settlement): void {
    const dropped = this.#dropped;
    this.#dropped = [];
    if (endpointId === '') return;
    if (dropped.length > 0) {
      const channels = events.map(({ ref }) => this.streams.entry(ref).event.channel);
      assert.deepEqual(
        dropped.map(({ channel }) => channel),
        channels,
      );
      for (const { reason } of dropped) assert.equal(reason, 'expired');
    }
    for (const { ref } of events) {
      const key = `${endpointId} ${ref}`;
      if (dropped.length === 0) assert.equal(this.#fates.get(key), batchId, key);
      else if (!this.#fates.has(key)) this.#fates.set(key, 'dropped');
    }
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (fault) {
      this.faults.push(fault);
    }
  }
}

/** Which of the appended events it is. */
function numberOf(event: WebhookEvent): number {
  return Number('userId' in event ? event.userId : -1);
}
