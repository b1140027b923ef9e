import type { Millis } from '../ports/clock.ts';
import type { WitnessedConnection } from '../ports/witness.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { EventCause } from './records.ts';

type Movement = EventCause & { readonly kind: 'subscribed' | 'unsubscribed' | 'disconnected' };

/** Who came and went last, of a channel or a member. */
interface Traces {
  came?: Movement;
  went?: Movement;
}

/**
 * Who came to each channel last and who left it last, until it is vacated: what is told of a channel was caused by
 * one of them. The same for each member.
 */
export class Movements {
  readonly #traces = new Map<string, Traces>();

  /** A connection has come or gone. */
  add(
    kind: Movement['kind'],
    { socketId, app }: WitnessedConnection,
    of: { readonly channel: ChannelName; readonly userId: string | undefined },
    atMs: Millis,
  ): void {
    const { channel, userId } = of;
    const movement = { kind, socket_id: socketId, ...(userId !== undefined && { user_id: userId }), atMs };
    const appId = app.config.id;
    const keys = [key(appId, channel), ...(userId === undefined ? [] : [key(appId, channel, userId)])];
    for (const one of keys) {
      const traces = this.#traces.get(one) ?? {};
      traces[kind === 'subscribed' ? 'came' : 'went'] = movement;
      this.#traces.set(one, traces);
    }
  }

  /** What caused an event that has just happened. */
  causeOf(appId: string, event: WebhookEvent, atMs: Millis): EventCause {
    if (event.name === 'client_event') {
      const { socketId, userId } = event;
      return {
        kind: 'client event',
        socket_id: socketId,
        ...(userId !== undefined && { user_id: userId }),
        atMs,
      };
    }
    const subject = key(appId, event.channel, 'userId' in event ? event.userId : undefined);
    const { came, went } = this.#traces.get(subject) ?? {};
    const departs = event.name === 'channel_vacated' || event.name === 'member_removed';
    const cause = departs ? went : event.name === 'subscription_count' ? latest(came, went) : came;
    return cause ?? { kind: 'unknown', atMs };
  }

  /** The departure has been told: whatever comes is new. */
  forget(appId: string, { name, channel, ...rest }: WebhookEvent): void {
    if (name === 'channel_vacated') this.#traces.delete(key(appId, channel));
    if (name === 'member_removed' && 'userId' in rest) this.#traces.delete(key(appId, channel, rest.userId));
  }
}

function latest(came: Movement | undefined, went: Movement | undefined): Movement | undefined {
  return went === undefined || (came !== undefined && came.atMs > went.atMs) ? came : went;
}

function key(appId: string, channel: ChannelName, userId?: string): string {
  return JSON.stringify(userId === undefined ? [appId, channel] : [appId, channel, userId]);
}
