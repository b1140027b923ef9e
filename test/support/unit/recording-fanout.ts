import { expect } from 'vitest';
import type { Fanout } from '../../../src/ports/fanout.ts';
import type { Unavailable } from '../../../src/ports/unavailable.ts';

/** Records what was published. */
export class RecordingFanout implements Fanout {
  readonly #published: { appId: string; channel: string; frame: unknown; except: string | undefined }[] = [];

  /** Whose connections were ended, as `app/user`. */
  readonly terminated: string[] = [];

  publish(...[appId, channel, encode, except]: Parameters<Fanout['publish']>): void {
    this.#published.push({ appId, channel, frame: JSON.parse(encode(channel)) as unknown, except });
  }

  /** The results of terminations. */
  outcome: 'done' | Unavailable = 'done';

  terminate(appId: string, userId: string): 'done' | Unavailable {
    this.terminated.push(`${appId}/${userId}`);
    return this.outcome;
  }

  /** The next frame that was published on a channel of app 1. */
  expectPublished(channel: string, frame: object, except?: string): void {
    expect(this.#published.shift()).toEqual({ appId: '1', channel, frame: { channel, ...frame }, except });
  }

  /** The channels that were published on so far, in order. */
  get channels(): string[] {
    return this.#published.map(({ channel }) => channel);
  }

  expectNothing(): void {
    expect(this.#published).toEqual([]);
  }
}
