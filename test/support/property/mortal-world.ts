import { expect, vi } from 'vitest';
import { application, endpoint } from '../unit/application.ts';
import { FakeClock } from '../fake-clock.ts';
import { defaultPolicy } from './delivery-shell.ts';
import { FakeDisk } from './fake-disk.ts';
import type { Fate, Receiver, ReceivedEvent } from './fake-receivers.ts';
import type { StackClient } from './stack-client.ts';
import { Stack, type StackOptions } from './stack.ts';

/** How long everybody who was announced lingers after a restart. */
export const restartGraceMs = 20_000;
/** What is written by itself is on the disk by then. */
export const writtenMs = 25;

const app = application({ endpoints: [endpoint()] });

/** One request that left the program. */
interface Sent {
  readonly id: string;
  readonly attempt: number;
  readonly events: readonly string[];
}

/** One program with one endpoint and one disk, which is killed and started again. */
export class MortalWorld {
  readonly disk = new FakeDisk();
  readonly #options: StackOptions;
  readonly #sent: Sent[] = [];
  #stack: Stack;

  private constructor(fates: readonly Fate[], policy: Partial<typeof defaultPolicy>) {
    this.#options = {
      applications: [app],
      policy: { ...defaultPolicy, ...policy },
      fates: [fates],
      disk: this.disk,
      restartGraceMs,
    };
    this.#stack = new Stack(this.#options);
    const { sender } = this.#stack;
    const send = sender.send.bind(sender);
    vi.spyOn(sender, 'send').mockImplementation((request, timeoutMs) => {
      const { events } = JSON.parse(Buffer.from(request.body).toString()) as { events: ReceivedEvent[] };
      this.#sent.push({
        id: request.headers['webhook-id'] ?? '',
        attempt: Number(request.headers['X-Soketify-Attempt']),
        events: events.map(describeEvent),
      });
      return send(request, timeoutMs);
    });
  }

  /** Starts the program for the first time. `fates`: what becomes of its requests, over and over. */
  static async begin(
    fates: readonly Fate[] = [],
    policy: Partial<typeof defaultPolicy> = {},
  ): Promise<MortalWorld> {
    const world = new MortalWorld(fates, policy);
    await world.#stack.start();
    return world;
  }

  get stack(): Stack {
    return this.#stack;
  }

  get receiver(): Receiver {
    const [receiver] = this.#stack.receivers.values();
    if (receiver === undefined) throw new Error('there is no endpoint');
    return receiver;
  }

  /** Every request so far. None of them broke a rule: an id has the same bytes, and no number of an attempt comes twice. */
  get sent(): readonly Sent[] {
    expect(this.#stack.sender.faults).toEqual([]);
    return this.#sent;
  }

  /** What the endpoint has taken, each delivery once. */
  get taken(): readonly string[] {
    expect(this.#stack.sender.faults).toEqual([]);
    return this.receiver.taken.map(describeEvent);
  }

  /** How often the program was started, as the disk says. */
  get starts(): number {
    const meta = this.disk.open(new FakeClock(), { onRecovery() {} }).entries('meta');
    return Number(new Map(meta).get('starts'));
  }

  connect(): StackClient {
    return this.#stack.connect(app);
  }

  trigger(channel: string, data: string): Promise<unknown> {
    return this.#stack.trigger(app, { name: 'news', channels: [channel], data });
  }

  advance(ms: number): Promise<void> {
    return this.#stack.clock.advance(ms);
  }

  /** Moves on until something is so, a millisecond at a time. */
  async advanceUntil(isSo: () => boolean): Promise<void> {
    for (let count = 0; !isSo(); count += 1) {
      if (count > 10_000) throw new Error('it is not so within 10 s');
      await this.advance(1);
    }
  }

  /** The program ends in this moment, and with it every connection. */
  kill(): void {
    this.#stack.kill();
  }

  /** The next life, which goes on with what is on the disk. */
  async restart(): Promise<void> {
    this.begin();
    await this.#stack.start();
  }

  /** Begins the next life, which has not come to read the disk yet. */
  begin(): void {
    this.#stack = new Stack({ ...this.#options, before: this.#stack });
  }
}

function describeEvent({ name, channel, user_id: userId, data }: ReceivedEvent): string {
  return [name, channel, userId, data].filter((part) => part !== undefined).join(' ');
}
