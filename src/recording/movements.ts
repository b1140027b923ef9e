import type { Millis } from '../ports/clock.ts';
import type { Leaving, WitnessedConnection } from '../ports/witness.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import { Ring, type Numbered } from './ring.ts';
import type { ShelfBounds } from './shelf.ts';

/** A movement of a connection: it subscribed to a channel or left it. */
export interface Movement extends Numbered {
  readonly kind: 'subscribed' | Leaving;
  readonly appId: string;
  readonly channel: ChannelName;
  readonly socketId: SocketId;
  /** Presence channels only. */
  readonly userId: string | undefined;
  readonly atMs: Millis;
}

/** The last arrival and the last departure, of a channel or a member. */
interface Traces {
  lastJoin: Movement | undefined;
  lastLeave: Movement | undefined;
}

interface ChannelTraces extends Traces {
  members: Map<string, Traces> | undefined;
}

/** The approximate memory of a movement with its part of the traces. */
const movementBytes = 250;

/**
 * The latest movements of connections, with the last arrival and the last departure of each channel and member until it is
 * vacated or removed. One of these is the cause of each event of the channel. If memory is limited, a deleted movement is
 * also forgotten as a cause. Otherwise causes are kept until their event has been sent.
 */
export class Movements {
  readonly #ring: Ring<Movement>;
  readonly #apps = new Map<string, Map<ChannelName, ChannelTraces>>();
  #made = 0;
  #lostUntilMs: Millis | undefined;

  constructor(bounds: ShelfBounds, { forgetsCauses }: { readonly forgetsCauses: boolean }) {
    this.#ring = new Ring(bounds, (movement) => {
      this.#lostUntilMs = movement.atMs;
      if (forgetsCauses) this.#forgetMovement(movement);
    });
  }

  /** The time of the last deleted movement, or undefined if none was deleted. */
  get lostUntilMs(): Millis | undefined {
    return this.#lostUntilMs;
  }

  /** Adds a movement. */
  add(
    kind: Movement['kind'],
    { socketId, app }: WitnessedConnection,
    of: { readonly channel: ChannelName; readonly userId: string | undefined },
    atMs: Millis,
  ): void {
    const { channel, userId } = of;
    const appId = app.config.id;
    this.#made += 1;
    const movement = { seq: this.#made, bytes: movementBytes, kind, appId, channel, socketId, userId, atMs };
    if (kind !== 'refused') this.#trace(movement);
    this.#ring.push(movement);
  }

  /** Must be called when a movement is not recorded. Earlier movements are deleted, because the history now has a gap. */
  skip(): void {
    if (this.#ring.size > 0) this.#ring.deleteAll(() => true);
    if (this.#apps.size > 0) this.#apps.clear();
  }

  /** The kept movements of one channel in their order. */
  *of(appId: string, channel: ChannelName): Generator<Movement, void> {
    for (const movement of this.#ring.from(0)) {
      if (movement.channel === channel && movement.appId === appId) yield movement;
    }
  }

  /** The cause of an event that has just happened, except of a client event. */
  causeOf(appId: string, event: WebhookEvent): Movement | undefined {
    if (event.name === 'client_event') return undefined;
    const traces = this.#apps.get(appId)?.get(event.channel);
    const { lastJoin, lastLeave } =
      ('userId' in event ? traces?.members?.get(event.userId) : traces) ?? noTraces;
    const departs = event.name === 'channel_vacated' || event.name === 'member_removed';
    return departs ? lastLeave : event.name === 'subscription_count' ? latest(lastJoin, lastLeave) : lastJoin;
  }

  /** Forgets the traces of a departure that was sent, because they cannot cause further events. */
  forget(appId: string, event: WebhookEvent): void {
    if (this.#apps.size === 0) return;
    const { name, channel } = event;
    if (name === 'channel_vacated') {
      this.#clear(appId, channel, (traces) => clearTraces(traces));
    } else if (name === 'member_removed') {
      this.#clear(appId, channel, ({ members }) => members?.delete(event.userId));
    }
  }

  /** Deletes the movements of an app. Its connections can still be causes. */
  clear(appId: string): void {
    this.#ring.deleteAll((movement) => movement.appId === appId);
  }

  #trace(movement: Movement): void {
    const { appId, channel, userId, kind } = movement;
    const isJoin = kind === 'subscribed';
    let channels = this.#apps.get(appId);
    if (channels === undefined) this.#apps.set(appId, (channels = new Map()));
    let traces = channels.get(channel);
    if (traces === undefined) {
      traces = { lastJoin: undefined, lastLeave: undefined, members: undefined };
      channels.set(channel, traces);
    }
    if (isJoin) traces.lastJoin = movement;
    else traces.lastLeave = movement;
    if (userId === undefined) return;
    traces.members ??= new Map();
    const member = traces.members.get(userId);
    if (member === undefined) {
      traces.members.set(userId, {
        lastJoin: isJoin ? movement : undefined,
        lastLeave: isJoin ? undefined : movement,
      });
    } else if (isJoin) member.lastJoin = movement;
    else member.lastLeave = movement;
  }

  #forgetMovement(movement: Movement): void {
    const { appId, channel, userId } = movement;
    this.#clear(appId, channel, (traces) => {
      forgetIn(traces, movement);
      const member = userId === undefined ? undefined : traces.members?.get(userId);
      if (userId === undefined || member === undefined) return;
      forgetIn(member, movement);
      if (isEmpty(member)) traces.members?.delete(userId);
    });
  }

  /** Removes something from the traces of a channel, and the traces themselves if they become empty. */
  #clear(appId: string, channel: ChannelName, takeOut: (traces: ChannelTraces) => void): void {
    const channels = this.#apps.get(appId);
    const traces = channels?.get(channel);
    if (channels === undefined || traces === undefined) return;
    takeOut(traces);
    if (!isEmpty(traces) || (traces.members?.size ?? 0) > 0) return;
    channels.delete(channel);
    if (channels.size === 0) this.#apps.delete(appId);
  }
}

const noTraces: Traces = { lastJoin: undefined, lastLeave: undefined };

function forgetIn(traces: Traces, movement: Movement): void {
  if (traces.lastJoin === movement) traces.lastJoin = undefined;
  if (traces.lastLeave === movement) traces.lastLeave = undefined;
}

function clearTraces(traces: Traces): void {
  traces.lastJoin = undefined;
  traces.lastLeave = undefined;
}

function isEmpty({ lastJoin, lastLeave }: Traces): boolean {
  return lastJoin === undefined && lastLeave === undefined;
}

function latest(lastJoin: Movement | undefined, lastLeave: Movement | undefined): Movement | undefined {
  return lastLeave === undefined || (lastJoin !== undefined && lastJoin.atMs > lastLeave.atMs)
    ? lastJoin
    : lastLeave;
}
