import type { ConsoleType } from '../admin/views/server.ts';
import type { ResentFact } from '../app/resender.ts';
import type { Clock } from '../ports/clock.ts';
import type { Refusal } from '../ports/refusals.ts';
import type {
  DisconnectReason,
  Leaving,
  PublishSource,
  Witness,
  WitnessedClientEvent,
  WitnessedConnection,
  WitnessedSession,
  WitnessedSubscription,
  WitnessedTrigger,
} from '../ports/witness.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { clip } from '../protocol/clip.ts';
import type { RefusalKind } from '../protocol/refusals.ts';
import type { AttemptEnded, Decided, DeliveryFact } from '../webhooks/delivery-facts.ts';
import type { EventName, WebhookEvent } from '../webhooks/event.ts';
import type { ConsoleContent } from './console-entry.ts';
import type { ConsoleFeed } from './console-feed.ts';

/** So many channels of a connection or an attempt are named. */
const mostChannels = 20;

/** The types of the rows that tell an event; a client's event has a row already. */
const eventTypes: Readonly<Record<EventName, ConsoleType | undefined>> = {
  channel_occupied: 'occupied',
  channel_vacated: 'vacated',
  member_added: 'member added',
  member_removed: 'member removed',
  cache_miss: 'cache miss',
  subscription_count: 'subscription count',
  client_event: undefined,
};

const refusalTypes: Readonly<Record<RefusalKind, ConsoleType>> = {
  connection: 'refused connection',
  request: 'refused request',
  subscription: 'refused message',
  signin: 'refused message',
  client_event: 'refused message',
  message: 'refused message',
};

/** Hears what happens, and adds it to the debug console as far as its budgets allow. */
export class ConsoleWitness implements Witness {
  readonly #feed: ConsoleFeed;
  readonly #sessionClock: Pick<Clock, 'now'>;

  /** `sessionClock` is the one by which connections are dated. */
  constructor(feed: ConsoleFeed, sessionClock: Pick<Clock, 'now'>) {
    this.#feed = feed;
    this.#sessionClock = sessionClock;
  }

  connected({ app, socketId }: WitnessedConnection, remoteAddress: string): void {
    if (!this.#feed.log.allows('connection')) return;
    this.#add('connection', app.config.id, { kind: 'connected', socketId, remoteAddress });
  }

  disconnected(session: WitnessedSession, reason: DisconnectReason): void {
    if (!this.#feed.log.allows('disconnection')) return;
    const { app, socketId, subscriptions, user, openedAt } = session;
    const channels: string[] = [];
    for (const channel of subscriptions.keys()) {
      if (channels.length === mostChannels) break;
      channels.push(channel);
    }
    this.#add('disconnection', app.config.id, {
      kind: 'disconnected',
      socketId,
      userId: user?.userId,
      reason,
      channels,
      channelCount: subscriptions.size,
      lastedMs: this.#sessionClock.now() - openedAt,
    });
  }

  joined({ app, socketId }: WitnessedConnection, channel: ChannelName, userId: string | undefined): void {
    if (!this.#feed.log.allows('subscribed')) return;
    this.#add('subscribed', app.config.id, { kind: 'subscribed', socketId, userId, channel });
  }

  left(
    { app, socketId }: WitnessedConnection,
    { channel, userId }: WitnessedSubscription,
    how: Leaving,
  ): void {
    // The row of a disconnection names the channels; what was refused has a row of its own.
    if (how !== 'unsubscribed' || !this.#feed.log.allows('unsubscribed')) return;
    this.#add('unsubscribed', app.config.id, {
      kind: 'unsubscribed',
      socketId,
      userId,
      channel: channel.name,
    });
  }

  published(appId: string, trigger: WitnessedTrigger, source: PublishSource): void {
    if (!this.#feed.log.allows('published')) return;
    this.#add('published', appId, { kind: 'published', trigger, source });
  }

  clientEvent(
    { app, socketId }: WitnessedConnection,
    event: WitnessedClientEvent,
    userId: string | undefined,
  ): void {
    if (!this.#feed.log.allows('client event')) return;
    this.#add('client event', app.config.id, { kind: 'client-event', socketId, userId, event });
  }

  readonly keyUsed = (): void => {};

  // What was not sent is in the list of events.
  readonly suppressed = (): void => {};

  unwanted(appId: string, event: WebhookEvent): void {
    this.#event(appId, event, 0);
  }

  /** A client or a backend did not get what it asked for. */
  readonly refused = (refusal: Refusal): void => {
    const type = refusalTypes[refusal.kind];
    if (this.#feed.log.allows(type)) this.#add(type, clip(refusal.appId, 100), { kind: 'refused', refusal });
  };

  /** A delivery was sent again on demand. */
  readonly resent = ({ deliveryId, request, attempt, events }: ResentFact): void => {
    const type = attempt.result === 'success' ? 'webhook sent' : 'webhook failed';
    if (!this.#feed.log.allows(type)) return;
    const { appId, endpointId, url } = request;
    this.#add(type, appId, { kind: 'resent', webhookId: deliveryId, endpointId, url, attempt, events });
  };

  /** Something was set; `appId` is empty if it is about no app. */
  setting(appId: string, text: string): void {
    if (this.#feed.log.allows('setting')) this.#add('setting', appId, { kind: 'setting', text });
  }

  /** Subscribes to the delivery facts. */
  readonly hear = (fact: DeliveryFact): void => {
    switch (fact.kind) {
      case 'selected':
        return this.#event(fact.appId, fact.event, fact.wanting.length);
      case 'attempt-ended':
        return this.#attempt(fact);
      case 'decided':
        return this.#decided(fact);
      case 'attempt-began':
      case 'unclaimed':
      case 'disabled':
      case 'enabled':
      case 'ended':
        return undefined;
    }
  };

  #event(appId: string, event: WebhookEvent, wanting: number): void {
    const type = eventTypes[event.name];
    if (type === undefined || !this.#feed.log.allows(type)) return;
    this.#add(type, appId, { kind: 'event', event, wanting });
  }

  #attempt({ attempt, outcome, result, elapsedMs, retryInMs }: AttemptEnded): void {
    const type = result === 'success' ? 'webhook sent' : 'webhook failed';
    if (!this.#feed.log.allows(type)) return;
    const { appId, endpoint, webhookId, number, request, events } = attempt;
    const channels = new Set<string>();
    for (const { event } of events) {
      if (channels.size === mostChannels) break;
      channels.add(event.channel);
    }
    const facts = {
      webhookId,
      number,
      endpointId: endpoint.id,
      url: request.url,
      events: events.length,
      bytes: request.body.length,
      channels: [...channels],
    };
    this.#add(type, appId, { kind: 'attempt', attempt: facts, outcome, elapsedMs, retryInMs });
  }

  #decided({ appId, endpoint, fate, events, webhookId, attempts }: Decided): void {
    if (fate === 'delivered' || !this.#feed.log.allows('webhook failed')) return;
    const content = { kind: 'dropped', reason: fate, endpoint, events: events.length, webhookId } as const;
    this.#add('webhook failed', appId, { ...content, attempts });
  }

  #add(type: ConsoleType, appId: string, content: ConsoleContent): void {
    this.#feed.log.add(type, appId, content);
    this.#feed.added();
  }
}
