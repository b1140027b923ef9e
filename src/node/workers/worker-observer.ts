import type { Refusal } from '../../ports/refusals.ts';
import type {
  DisconnectReason,
  Leaving,
  PublishSource,
  Witness,
  WitnessedClientEvent,
  WitnessedTrigger,
} from '../../ports/witness.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import type { Clock, Cancel, Millis } from '../../ports/clock.ts';

/** Identifies a connection of an app. */
type Of = readonly [appId: string, socketId: SocketId];

/** One call of a witness, in a form that can be cloned. */
type Observation =
  | readonly ['keyUsed', appId: string, key: string]
  | readonly ['connected', ...Of, remoteAddress: string]
  | readonly [
      'disconnected',
      ...Of,
      reason: DisconnectReason,
      openForMs: Millis,
      channels: readonly string[],
      userId: string | undefined,
    ]
  | readonly ['joined', ...Of, channel: ChannelName, userId: string | undefined]
  | readonly ['left', ...Of, channel: ChannelName, userId: string | undefined, how: Leaving]
  | readonly ['published', appId: string, trigger: WitnessedTrigger, source: PublishSource]
  | readonly ['clientEvent', ...Of, event: WitnessedClientEvent, userId: string | undefined]
  | readonly ['unwanted', appId: string, event: WebhookEvent];

/** What happened on a worker. */
export interface Seen {
  readonly observations: readonly Observation[];
  /** For each kind of refusal: the last one, and how many there were. */
  readonly refused: readonly (readonly [refusal: Refusal, times: number])[];
}

/** How long facts without consequences wait, so that the keeper is not woken for each of them. */
const waitMs: Millis = 50;

/** The maximum number of facts in one report: a person cannot read more, and the recording keeps fewer. */
const mostWaiting = 100;

/** The dependencies of `WorkerObserver`. */
export interface SeenOptions {
  readonly clock: Clock;
  /** The clock by which connections are dated. */
  readonly sessionClock: Pick<Clock, 'now'>;
  readonly send: (seen: Seen) => void;
}

/**
 * Reports to the keeper what happens on a worker, for the recording. Joins and departures are reported before the step that they
 * cause. Publishes and refusals are batched and bounded.
 */
export class WorkerObserver {
  readonly #options: SeenOptions;
  #observations: Observation[] = [];
  readonly #refused = new Map<string, [refusal: Refusal, times: number]>();
  #cancel: Cancel | undefined;

  constructor(options: SeenOptions) {
    this.#options = options;
  }

  readonly witness: Witness = {
    keyUsed: (appId, key) => this.#later(['keyUsed', appId, key]),
    connected: ({ app, socketId }, remoteAddress) =>
      this.#now(['connected', app.config.id, socketId, remoteAddress]),
    disconnected: ({ app, socketId, openedAt, subscriptions, user }, reason) =>
      this.#now([
        'disconnected',
        app.config.id,
        socketId,
        reason,
        this.#options.sessionClock.now() - openedAt,
        [...subscriptions.keys()],
        user?.userId,
      ]),
    // The recording of a server with workers does not use it.
    signedIn: () => {},
    joined: ({ app, socketId }, channel, userId) =>
      this.#now(['joined', app.config.id, socketId, channel, userId]),
    left: ({ app, socketId }, { channel, userId }, how) =>
      this.#now(['left', app.config.id, socketId, channel.name, userId, how]),
    published: (appId, { name, data, channels, except }, source) =>
      this.#later(['published', appId, { name, data, channels, except }, source]),
    clientEvent: ({ app, socketId }, { channel, event, data }, userId) =>
      this.#now(['clientEvent', app.config.id, socketId, { channel, event, data }, userId]),
    suppressed: () => {},
    unwanted: (appId, event) => this.#later(['unwanted', appId, event]),
  };

  /** Notes a refusal. */
  refused(refusal: Refusal): void {
    const key = `${refusal.kind} ${refusal.reason} ${refusal.appId}`;
    const times = (this.#refused.get(key)?.[1] ?? 0) + 1;
    if (times === 1 && this.#refused.size >= mostWaiting) return;
    this.#refused.set(key, [refusal, times]);
    this.#wait();
  }

  /** Stops reporting. */
  close(): void {
    this.#cancel?.();
  }

  #now(observation: Observation): void {
    this.#options.send({ observations: [observation], refused: [] });
  }

  #later(observation: Observation): void {
    if (this.#observations.length < mostWaiting) this.#observations.push(observation);
    this.#wait();
  }

  #wait(): void {
    this.#cancel ??= this.#options.clock.after(waitMs, () => {
      this.#cancel = undefined;
      // The fields of a refusal are computed when they are read.
      const refused = Array.from(
        this.#refused.values(),
        ([refusal, times]) => [{ ...refusal, fields: { ...refusal.fields } }, times] as const,
      );
      this.#options.send({ observations: this.#observations, refused });
      this.#observations = [];
      this.#refused.clear();
    });
  }
}

/** Calls a witness with what a worker has reported. `now` is on the clock that dates connections. */
export function replayObservations({ observations }: Seen, witness: Witness, now: Millis): void {
  for (const observation of observations) replayOne(observation, witness, now);
}

function replayOne(observation: Observation, witness: Witness, now: Millis): void {
  switch (observation[0]) {
    case 'keyUsed':
      return witness.keyUsed(observation[1], observation[2]);
    case 'connected':
      return witness.connected(connectionOf(observation[1], observation[2]), observation[3]);
    case 'disconnected': {
      const [, appId, socketId, reason, openForMs, channels, userId] = observation;
      return witness.disconnected(
        {
          ...connectionOf(appId, socketId),
          openedAt: now - openForMs,
          subscriptions: new Map(channels.map((channel) => [channel, undefined])),
          user: userId === undefined ? undefined : { userId },
        },
        reason,
      );
    }
    case 'joined':
      return witness.joined(connectionOf(observation[1], observation[2]), observation[3], observation[4]);
    case 'left': {
      const [, appId, socketId, name, userId, how] = observation;
      return witness.left(connectionOf(appId, socketId), { channel: { name }, userId }, how);
    }
    case 'published':
      return witness.published(observation[1], observation[2], observation[3]);
    case 'clientEvent':
      return witness.clientEvent(
        connectionOf(observation[1], observation[2]),
        observation[3],
        observation[4],
      );
    case 'unwanted':
      return witness.unwanted(observation[1], observation[2]);
  }
}

function connectionOf(
  id: string,
  socketId: SocketId,
): { readonly socketId: SocketId; readonly app: { readonly config: { readonly id: string } } } {
  return { socketId, app: { config: { id } } };
}
