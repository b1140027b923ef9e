import { expect, vi } from 'vitest';
import { application, endpoint } from '../unit/application.ts';
import { FakeClock } from '../fake-clock.ts';
import { defaultPolicy } from './delivery-shell.ts';
import { FakeDisk } from './fake-disk.ts';
import type { Fate, Receiver, ReceivedEvent } from './fake-receivers.ts';
import type { StackClient } from './stack-client.ts';
import { Stack, type StackOptions } from './stack.ts';

/** How long everyone who was announced is kept after a restart. */
export const restartGraceMs = 20_000;
/** The time after which background writes are on the disk. */
export const writtenMs = 25;

const app = application({ endpoints: [endpoint()] });

/** One request that left the program. */
interface Sent {
  readonly id: string;
  readonly attempt: number;
  readonly events: readonly string[];
}

/** One program with one endpoint and one disk. It is killed and restarted. */
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

  /** Starts the program for the first time. `fates`: the results of its requests, repeated cyclically. */
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

  /**
   * Every request so far. Checks that an id always has the same bytes, and that no attempt number repeats.
   */
  get sent(): readonly Sent[] {
    expect(this.#stack.sender.faults).toEqual([]);
    return this.#sent;
  }

  /** What the endpoint has accepted, each delivery once. */
  get taken(): readonly string[] {
    expect(this.#stack.sender.faults).toEqual([]);
    return this.receiver.taken.map(describeEvent);
  }

  /** How often the program was started, according to the disk. */
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

  /** Advances the time by milliseconds until the condition holds. */
  async advanceUntil(holds: () => boolean): Promise<void> {
    for (let count = 0; !holds(); count += 1) {
      if (count > 10_000) throw new Error('the condition did not hold within 10 s');
      await this.advance(1);
    }
  }

  /** Kills the program, and with it every connection. */
  kill(): void {
    this.#stack.kill();
  }

  /** Restarts the program from what is on the disk. */
  async restart(): Promise<void> {
    this.begin();
    await this.#stack.start();
  }

  /** Restarts the program, which has not read the disk yet. */
  begin(): void {
    this.#stack = new Stack({ ...this.#options, before: this.#stack });
  }
}

function describeEvent({ name, channel, user_id: userId, data }: ReceivedEvent): string {
  return [name, channel, userId, data].filter((part) => part !== undefined).join(' ');
}
