import type { ResentFact } from '../../delivery-log/resender.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Refusal } from '../../ports/refusals.ts';
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
} from '../../ports/witness.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { clip } from '../../protocol/clip.ts';
import type { RefusalKind } from '../../protocol/refusals.ts';
import type { AttemptEnded, AttemptResult, Decided, DeliveryFact } from '../../webhooks/delivery-facts.ts';
import type { EventName, WebhookEvent } from '../../webhooks/event.ts';
import type { ConsoleContent } from './console-entry.ts';
import type { ConsoleFeed } from './console-feed.ts';
import type { ConsoleLog, TypeBudget } from './console-log.ts';

/** The most channels that are named of a connection or an attempt. */
const maxChannels = 20;

/** The budgets of all types of rows. */
function budgetsOf(log: ConsoleLog) {
  const client = log.budgetOf('refused message');
  return {
    connected: log.budgetOf('connection'),
    disconnected: log.budgetOf('disconnection'),
    joined: log.budgetOf('subscribed'),
    left: log.budgetOf('unsubscribed'),
    published: log.budgetOf('published'),
    clientEvent: log.budgetOf('client event'),
    sent: log.budgetOf('webhook sent'),
    failed: log.budgetOf('webhook failed'),
    setting: log.budgetOf('setting'),
    /** A client event has no budget here, because it already has a row. */
    events: {
      channel_occupied: log.budgetOf('occupied'),
      channel_vacated: log.budgetOf('vacated'),
      member_added: log.budgetOf('member added'),
      member_removed: log.budgetOf('member removed'),
      cache_miss: log.budgetOf('cache miss'),
      subscription_count: log.budgetOf('subscription count'),
      client_event: undefined,
    } satisfies Readonly<Record<EventName, TypeBudget | undefined>>,
    refusals: {
      connection: log.budgetOf('refused connection'),
      request: log.budgetOf('refused request'),
      subscription: client,
      signin: client,
      client_event: client,
      message: client,
    } satisfies Readonly<Record<RefusalKind, TypeBudget>>,
  };
}

/** Adds what happens to the debug console, within the budgets of the types. */
export class ConsoleWitness implements Witness {
  readonly #feed: ConsoleFeed;
  readonly #sessionClock: Pick<Clock, 'now'>;
  readonly #budgets: ReturnType<typeof budgetsOf>;

  /** `sessionClock` is the clock of the opening times of connections. */
  constructor(feed: ConsoleFeed, sessionClock: Pick<Clock, 'now'>) {
    this.#feed = feed;
    this.#sessionClock = sessionClock;
    this.#budgets = budgetsOf(feed.log);
  }

  connected({ app, socketId }: WitnessedConnection, remoteAddress: string): void {
    const budget = this.#budgets.connected;
    if (!budget.allows()) return;
    this.#add(budget, app.config.id, { kind: 'connected', socketId, remoteAddress });
  }

  disconnected(session: WitnessedSession, reason: DisconnectReason): void {
    const budget = this.#budgets.disconnected;
    if (!budget.allows()) return;
    const { app, socketId, subscriptions, user, openedAt } = session;
    const channels: string[] = [];
    for (const channel of subscriptions.keys()) {
      if (channels.length === maxChannels) break;
      channels.push(channel);
    }
    this.#add(budget, app.config.id, {
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
    const budget = this.#budgets.joined;
    if (!budget.allows()) return;
    this.#add(budget, app.config.id, { kind: 'subscribed', socketId, userId, channel });
  }

  left(
    { app, socketId }: WitnessedConnection,
    { channel, userId }: WitnessedSubscription,
    how: Leaving,
  ): void {
    // The row of a disconnection names the channels, and a refusal has its own row.
    const budget = this.#budgets.left;
    if (how !== 'unsubscribed' || !budget.allows()) return;
    this.#add(budget, app.config.id, {
      kind: 'unsubscribed',
      socketId,
      userId,
      channel: channel.name,
    });
  }

  published(appId: string, trigger: WitnessedTrigger, source: PublishSource): void {
    const budget = this.#budgets.published;
    if (!budget.allows()) return;
    this.#add(budget, appId, { kind: 'published', trigger, source });
  }

  clientEvent(
    { app, socketId }: WitnessedConnection,
    event: WitnessedClientEvent,
    userId: string | undefined,
  ): void {
    const budget = this.#budgets.clientEvent;
    if (!budget.allows()) return;
    this.#add(budget, app.config.id, { kind: 'client-event', socketId, userId, event });
  }

  readonly keyUsed = (): void => {};
  readonly signedIn = (): void => {};

  // The list of events shows events that were not sent.
  readonly suppressed = (): void => {};

  unwanted(appId: string, event: WebhookEvent): void {
    this.#event(appId, event, 0);
  }

  /** Records a refused request of a client or a backend. */
  readonly refused = (refusal: Refusal): void => {
    const budget = this.#budgets.refusals[refusal.kind];
    if (budget.allows()) this.#add(budget, clip(refusal.appId, 100), { kind: 'refused', refusal });
  };

  /** Records that a delivery was resent. */
  readonly resent = ({ deliveryId, request, attempt, events }: ResentFact): void => {
    const budget = this.#ended(attempt.result);
    if (!budget.allows()) return;
    const { appId, endpointId, url } = request;
    this.#add(budget, appId, { kind: 'resent', webhookId: deliveryId, endpointId, url, attempt, events });
  };

  /** Records a change of settings. `appId` is empty if it does not concern an app. */
  setting(appId: string, text: string): void {
    const budget = this.#budgets.setting;
    if (budget.allows()) this.#add(budget, appId, { kind: 'setting', text });
  }

  /** The subscriber to delivery facts. */
  readonly onFact = (fact: DeliveryFact): void => {
    switch (fact.kind) {
      case 'selected':
        return this.#event(fact.appId, fact.event, fact.selecting.length);
      case 'attempt-ended':
        return this.#attempt(fact);
      case 'decided':
        return this.#decided(fact);
      case 'attempt-began':
      case 'resumed':
      case 'left':
      case 'unclaimed':
      case 'disabled':
      case 'enabled':
      case 'ended':
        return undefined;
    }
  };

  #event(appId: string, event: WebhookEvent, selecting: number): void {
    const budget = this.#budgets.events[event.name];
    if (budget?.allows() === true) this.#add(budget, appId, { kind: 'event', event, selecting });
  }

  #attempt({ attempt, outcome, result, elapsedMs, retryInMs }: AttemptEnded): void {
    const budget = this.#ended(result);
    if (!budget.allows()) return;
    const { appId, endpoint, webhookId, number, request, events } = attempt;
    const channels = new Set<string>();
    for (const { event } of events) {
      if (channels.size === maxChannels) break;
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
    this.#add(budget, appId, { kind: 'attempt', attempt: facts, outcome, elapsedMs, retryInMs });
  }

  #decided({ appId, endpoint, fate, events, webhookId, attempts }: Decided): void {
    const budget = this.#budgets.failed;
    if (fate === 'delivered' || !budget.allows()) return;
    const content = { kind: 'dropped', reason: fate, endpoint, events: events.length, webhookId } as const;
    this.#add(budget, appId, { ...content, attempts });
  }

  #ended(result: AttemptResult): TypeBudget {
    return result === 'success' ? this.#budgets.sent : this.#budgets.failed;
  }

  #add(budget: TypeBudget, appId: string, content: ConsoleContent): void {
    this.#feed.log.add(budget, appId, content);
    this.#feed.added();
  }
}
