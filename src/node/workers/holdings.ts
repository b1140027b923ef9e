import type { LocalLeave, Registry, Subscription } from '../../channels/registry.ts';
import type { Millis } from '../../ports/clock.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';

/** A channel that a worker holds or, on presence channels, one of its members. */
export interface HeldSubject {
  readonly appId: string;
  readonly channel: ChannelName;
  readonly userId: string | undefined;
}

/**
 * What one worker holds. The keeper's registry treats a worker like a connection. So the process leaves a channel, or loses a
 * member, when the last worker that held it has left, and the grace period applies as if all clients were on one thread.
 */
export class Holdings {
  /** Each subject with the registry that it was added to: an app that is removed and added again has a new one. */
  readonly #held = new Map<string, { readonly registry: Registry; readonly subscription: Subscription }>();

  /** Whether the worker already holds it. */
  has(held: HeldSubject): boolean {
    return this.#held.has(keyOf(held));
  }

  /** Adds a subject that the worker holds from now on. */
  add(registry: Registry, held: HeldSubject): void {
    this.#held.set(keyOf(held), { registry, subscription: registry.join(held.channel, held.userId) });
  }

  /** Removes a subject. Undefined: the worker did not hold it, because its join was refused. */
  remove(held: HeldSubject, at: Millis, graceMs: Millis): LocalLeave | undefined {
    const key = keyOf(held);
    const known = this.#held.get(key);
    if (known === undefined) return undefined;
    this.#held.delete(key);
    return known.registry.leave(known.subscription, at, graceMs);
  }
}

function keyOf({ appId, channel, userId }: HeldSubject): string {
  return userId === undefined ? `${appId}\n${channel}` : `${appId}\n${channel}\n${userId}`;
}
