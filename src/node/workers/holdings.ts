import type { LocalLeave, Registry, Subscription } from '../../channels/registry.ts';
import type { Millis } from '../../ports/clock.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';

/** What a worker holds: a channel, or on presence channels one member of it. */
export interface HeldSubject {
  readonly appId: string;
  readonly channel: ChannelName;
  readonly userId: string | undefined;
}

/**
 * What one worker holds. To the registry of an app a worker is what a connection is to the registry of a worker: so the process
 * has lost a channel or a member when the last worker that held it says so, and it lingers as if all had been on one thread.
 */
export class Holdings {
  /** In the registry of the app as it was then: one that is removed and comes back has another. */
  readonly #held = new Map<string, { readonly registry: Registry; readonly subscription: Subscription }>();

  /** Whether the worker holds it already. */
  has(held: HeldSubject): boolean {
    return this.#held.has(keyOf(held));
  }

  /** The worker holds it from now on. */
  add(registry: Registry, held: HeldSubject): void {
    this.#held.set(keyOf(held), { registry, subscription: registry.join(held.channel, held.userId) });
  }

  /** The worker holds it no more. Undefined: it did not, because its join was refused. */
  remove(held: HeldSubject, at: Millis, lingersMs: Millis): LocalLeave | undefined {
    const key = keyOf(held);
    const known = this.#held.get(key);
    if (known === undefined) return undefined;
    this.#held.delete(key);
    return known.registry.leave(known.subscription, at, lingersMs);
  }
}

function keyOf({ appId, channel, userId }: HeldSubject): string {
  return userId === undefined ? `${appId}\n${channel}` : `${appId}\n${channel}\n${userId}`;
}
