import type { DeliveryDetail, DeliveryView, EventView, PageOf } from '../views/deliveries.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { DeliveryRecord, RecordedAttempt } from './delivery-record.ts';
import type { EventRecord } from './event-record.ts';
import type { Extent } from './record-shelf.ts';
import type { Recorder } from './recorder.ts';
import type { Numbered } from './ring.ts';
import type { Search, SearchItem } from './search.ts';
import { countAttempts, viewDelivery, viewDeliveryDetail, viewEvent, type Showing } from './views.ts';

/** A request for a page of a list. */
export interface PageRequest {
  readonly appId: string;
  /** Without a search everything matches. */
  readonly search?: Search;
  /** The `next` of the previous page, which is a whole number. */
  readonly before?: number;
  readonly limit: number;
}

/** What a history needs. */
export interface HistoryOptions {
  readonly recorder: Recorder;
  /** Spreads a long search over many turns of the event loop. Each event in an examined record takes a step. */
  readonly budget: TurnBudget;
}

/** The recorded events and deliveries in the form of the Dashboard's lists, newest first. */
export class History {
  readonly #options: HistoryOptions;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Lists events. */
  events(request: PageRequest, showing: Showing): Promise<PageOf<EventView>> {
    const { recorder } = this.#options;
    return this.#page(recorder.eventRecords(), request, {
      extent: recorder.eventExtent,
      steps: () => 1,
      item: (record) => eventItem(record, showing),
      view: (record) => viewEvent(record, showing),
    });
  }

  /** Lists deliveries. */
  deliveries(request: PageRequest, showing: Showing): Promise<PageOf<DeliveryView>> {
    const { recorder } = this.#options;
    return this.#page(recorder.deliveryRecords(), request, {
      extent: recorder.deliveryExtent,
      steps: ({ eventCount }) => Math.max(1, eventCount),
      item: (record) => deliveryItem(record, showing),
      view: viewDelivery,
    });
  }

  /** One delivery in full, or undefined if it is not kept. */
  delivery(appId: string, id: string, showing: Showing): DeliveryDetail | undefined {
    const record = this.#options.recorder.deliveryRecord(appId, id);
    return record && viewDeliveryDetail(record, showing);
  }

  async #page<R extends Numbered & { readonly appId: string }, V>(
    records: readonly R[],
    { appId, search, before = Infinity, limit }: PageRequest,
    of: {
      readonly extent: Extent;
      readonly steps: (record: R) => number;
      readonly item: (record: R) => SearchItem;
      readonly view: (record: R) => V;
    },
  ): Promise<PageOf<V>> {
    const { budget } = this.#options;
    const items: V[] = [];
    let last: R | undefined;
    for (let index = records.length - 1; index >= 0; index -= 1) {
      const record = records[index];
      if (record === undefined || record.seq >= before || record.appId !== appId) continue;
      const steps = Math.min(of.steps(record), budget.perTurn);
      if (!budget.take(steps)) await budget.step(steps);
      if (search !== undefined && !search.matches(of.item(record))) continue;
      if (last !== undefined && items.length === limit) {
        return { items, next: String(last.seq), ...of.extent };
      }
      items.push(of.view(record));
      last = record;
    }
    return { items, ...of.extent };
  }
}

/** An event in the form that searches need. */
function eventItem(record: EventRecord, showing: Showing): SearchItem {
  const { event, timeMs } = record.happening;
  return {
    atMs: timeMs,
    fields: {
      channel: event.channel,
      id: String(record.id),
      get user() {
        return texts('userId' in event ? event.userId : undefined, record.cause.user_id);
      },
      get event() {
        return event.name === 'client_event' ? [event.name, event.event] : event.name;
      },
      get type() {
        return event.name;
      },
      get socket() {
        return texts(event.name === 'client_event' ? event.socketId : undefined, record.cause.socket_id);
      },
      get endpoint() {
        return record.endpoints.map(({ endpoint }) => endpoint);
      },
      get url() {
        return record.endpoints.map(({ url }) => url);
      },
      get status() {
        return texts(record.status, ...record.endpoints.map(({ lastAttempt }) => lastAttempt?.status));
      },
      get result() {
        return texts(...record.endpoints.map(({ lastAttempt }) => lastAttempt?.outcome));
      },
      get reason() {
        return texts(...record.endpoints.map(({ reason }) => reason));
      },
      get attempts() {
        return record.endpoints.reduce((most, { attempts }) => Math.max(most, attempts), 0);
      },
    },
    text: () => textOfView(viewEvent(record, showing)),
  };
}

/** A delivery in the form that searches need. */
function deliveryItem(record: DeliveryRecord, showing: Showing): SearchItem {
  const { outcome } = record;
  let read: DeliveryRecord['events'] | undefined;
  const events = (): DeliveryRecord['events'] => (read ??= record.events);
  const last = (): RecordedAttempt | undefined => record.attempts.at(-1);
  return {
    atMs: record.beganAtMs ?? 0,
    fields: {
      id: record.id,
      endpoint: record.endpoint,
      url: record.url,
      get channel() {
        return events().map(({ channel }) => channel);
      },
      get user() {
        return texts(...events().map(({ user_id: userId }) => userId));
      },
      get event() {
        return texts(...events().flatMap(({ name, event }) => [name, event]));
      },
      get socket() {
        return texts(...events().map(({ socket_id: socketId }) => socketId));
      },
      get status() {
        return texts(outcome.status, last()?.end?.status);
      },
      get result() {
        return last()?.end?.outcome ?? 'pending';
      },
      reason: outcome.reason,
      get attempts() {
        return countAttempts(record.attempts);
      },
    },
    text: () =>
      `${textOfView(viewDelivery(record))} ${showing.payloads ? record.body : ''} ${answersOf(record, showing)}`,
  };
}

/** The responses of endpoints, which count as payloads. */
function answersOf(record: DeliveryRecord, { payloads }: Showing): string {
  return payloads ? record.attempts.map(({ end }) => end?.answer ?? '').join(' ') : '';
}

function texts(...values: readonly (string | number | undefined)[]): readonly string[] {
  return values.flatMap((value) => (value === undefined ? [] : String(value)));
}

/** All texts of a view. */
function textOfView(view: EventView | DeliveryView): string {
  const words: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') words.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  collect(view);
  return words.join(' ');
}
