import type { Clock, Millis } from '../ports/clock.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Log } from '../ports/log.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { Refusals } from '../ports/refusals.ts';
import { noWitness, type Witness } from '../ports/witness.ts';
import { channelKind } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import type { Command } from '../protocol/decode.ts';
import { encodeError, eventEncoder } from '../protocol/encode.ts';
import {
  clientEventNameTooLong,
  clientEventOnPublic,
  clientEventRate,
  clientEventsDisabled,
  clientEventUnsubscribed,
  dataTooLarge,
  type ProtocolError,
} from '../protocol/errors.ts';
import { RateWindow } from '../protocol/rate-window.ts';
import { describeRefusal } from './refusal-log.ts';
import type { Session } from '../apps/session.ts';

/** What forwarding a client event needs. */
export interface ClientEventOptions extends Refusals {
  readonly clock: Clock;
  readonly fanout: Fanout;
  readonly outbox: Outbox;
  readonly log: Log;
  readonly witness?: Witness;
  readonly metrics: Pick<Metrics, 'messagePublished'>;
}

type ClientEvent = Extract<Command, { kind: 'client-event' }>;

/**
 * Forwards a client event to the other subscribers of its channel and to webhooks, or sends the client an error. If an endpoint
 * selects it and events outlive the process, nobody receives the event before it is stored: no webhook of a visible event can be
 * lost.
 */
export function relayClientEvent(
  session: Session,
  command: ClientEvent,
  options: ClientEventOptions,
): MaybePromise<void> {
  const refusal = refuseClientEvent(session, command, options.clock.now());
  if (refusal === undefined) return passOn(session, command, options);
  const subject = { channel: clip(command.channel), event: clip(command.event) };
  options.refused(describeRefusal(session, 'client_event', refusal, subject));
  session.socket.send(encodeError(refusal));
}

/**
 * The same on behalf of the client. A refusal is returned, and not sent to the client.
 */
export function relayForClient(
  session: Session,
  command: ClientEvent,
  options: ClientEventOptions,
): MaybePromise<ProtocolError | undefined> {
  const refusal = refuseClientEvent(session, command, options.clock.now());
  return refusal ?? whenReady(passOn(session, command, options), () => undefined);
}

function passOn(session: Session, command: ClientEvent, options: ClientEventOptions): MaybePromise<void> {
  const subscription = session.subscriptions.get(command.channel);
  // There always is a subscription here; the check is for the compiler.
  if (subscription === undefined) return;
  const { app, socketId } = session;
  const { event, data } = command;
  const { userId } = subscription;
  const channel = subscription.channel.name;
  const { log, witness = noWitness } = options;
  if (log.isDebug) log.debug({ appId: app.config.id, socketId, channel, event }, 'client event published');
  options.metrics.messagePublished(app.config.id, 'client');
  witness.clientEvent(session, command, userId);
  const publish = (): void =>
    options.fanout.publish(app.config.id, channel, eventEncoder(event, data, userId), socketId);
  const happened = { name: 'client_event', channel, event, data, socketId, userId } as const;
  if (!app.wantsWebhook('client_event', channel)) {
    witness.unwanted(app.config.id, happened);
    return publish();
  }
  options.outbox.append(app.config.id, [happened]);
  return whenReady(options.outbox.kept(), publish);
}

function refuseClientEvent(session: Session, command: ClientEvent, at: Millis): ProtocolError | undefined {
  const { config } = session.app;
  const { limits } = config;
  const { access } = channelKind(command.channel);
  if (!config.clientEvents) return clientEventsDisabled;
  if (access !== 'private' && access !== 'presence') return clientEventOnPublic;
  if (!session.subscriptions.has(command.channel)) return clientEventUnsubscribed;
  if (command.event.length > limits.eventNameLength) return clientEventNameTooLong(limits.eventNameLength);
  if (Buffer.byteLength(command.data) > limits.eventDataBytes) return dataTooLarge(limits.eventDataBytes);
  return withinRate(session, limits.clientEventsPerSecond, at) ? undefined : clientEventRate;
}

function withinRate(session: Session, limit: number, at: Millis): boolean {
  // The limit may have changed since the last event.
  if (session.clientEvents?.limit !== limit) session.clientEvents = new RateWindow(limit, 1000);
  return session.clientEvents.accept(at);
}
