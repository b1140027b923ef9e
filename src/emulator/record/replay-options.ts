import * as v from 'valibot';
import * as field from '../../config/schema/fields.ts';
import type { AttemptEnd } from '../../recording/records.ts';
import { check, number } from '../check.ts';
import { invalidArgument } from '../emulator-error.ts';
import { readRecord, type ReadDelivery } from './read-record.ts';

/**
 * The options of `replayRecord`.
 *
 * @since 0.1.0
 */
export interface ReplayOptions {
  /** The URL of the backend that receives the webhooks. */
  readonly url: string;
  /** The secret that signs the webhooks. A record does not contain it. */
  readonly secret: string;
  /** The value of `X-Pusher-Key`. Default: the recorded key of the app. */
  readonly key?: string | undefined;
  /** The id of the app whose webhooks are sent. Required only if the record has webhooks of several apps. */
  readonly app?: string | undefined;
  /** The id of the endpoint whose webhooks are sent. Required only if the record has webhooks to several endpoints. */
  readonly endpoint?: string | undefined;
  /**
   * The pace, as a multiple of the recorded one: 1 is the recorded pace, 2 is twice as fast. Default: each webhook is sent as soon as
   * the previous one was answered.
   */
  readonly speed?: number | undefined;
  /** How long the backend may take to respond to each webhook, in milliseconds. Default: 4000. */
  readonly timeoutMs?: number | undefined;
  /** Additional headers, such as those in the configuration of the recorded endpoint. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Gives each webhook a new `webhook-id`, for a backend that has seen the recorded ones and ignores duplicates. Default: false.
   */
  readonly newIds?: boolean | undefined;
  /** Called for each answer when it arrives. */
  readonly onAnswer?: (answer: ReplayedDelivery) => void;
}

/**
 * A replayed webhook, and the answer of the backend.
 *
 * @since 0.1.0
 */
export interface ReplayedDelivery extends AttemptEnd {
  /** The `webhook-id` that was sent. */
  readonly id: string;
  /** The recorded `webhook-id`. */
  readonly recordedId: string;
  /** Its status in the record. */
  readonly recorded: 'pending' | 'delivered' | 'dropped';
  /** The body that was sent. */
  readonly body: string;
  /** How long the backend took to respond, in milliseconds. */
  readonly elapsedMs: number;
}

/** A replay with checked input. */
export interface ReplayPlan {
  readonly url: string;
  readonly key: string;
  readonly secret: string;
  readonly timeoutMs: number;
  readonly speed: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly newIds: boolean;
  readonly onAnswer: (answer: ReplayedDelivery) => void;
  readonly deliveries: readonly ReadDelivery[];
}

const where = 'replayRecord';
const expectedSpeed = 'expected a number above 0, such as 1 for the recorded pace';

const options = field.group({
  url: field.textThat(
    (url) => /^https?:\/\//i.test(url) && URL.canParse(url),
    'expected the URL of the backend that receives webhooks, such as http://127.0.0.1:3000/webhooks',
  ),
  secret: field.nonEmptyText(),
  key: v.exactOptional(field.nonEmptyText()),
  app: v.exactOptional(field.nonEmptyText()),
  endpoint: v.exactOptional(field.nonEmptyText()),
  speed: v.exactOptional(v.pipe(number(expectedSpeed), v.gtValue(0, expectedSpeed))),
  timeoutMs: v.exactOptional(field.milliseconds()),
  headers: v.exactOptional(field.headers()),
  newIds: v.exactOptional(field.flag()),
  onAnswer: v.exactOptional(
    v.custom<ReplayPlan['onAnswer']>((value) => typeof value === 'function', 'expected a function'),
  ),
});

/** Checks the arguments of a replay. Throws an EmulatorError with ERR_ARGUMENT_INVALID that states what is accepted. */
export function planReplay(givenRecord: unknown, givenOptions: unknown): ReplayPlan {
  const {
    app,
    endpoint,
    key,
    timeoutMs = 4000,
    headers = {},
    newIds = false,
    onAnswer = () => {},
    speed,
    ...rest
  } = check(options, givenOptions, where);
  const { apps, deliveries: all } = readRecord(givenRecord);
  const ofApp = choose(all, { name: 'app', chosen: app, idOf: ({ appId }) => appId });
  const deliveries = choose(ofApp, { name: 'endpoint', chosen: endpoint, idOf: (one) => one.endpoint });
  const appId = deliveries[0]?.appId ?? app ?? apps[0]?.id;
  const recordedKey = apps.find(({ id }) => id === appId)?.key;
  if (key === undefined && recordedKey === undefined) {
    throw invalidArgument(
      `${where}: key: missing; the record does not have the key of the app '${appId}'; give one`,
    );
  }
  return {
    ...rest,
    key: key ?? recordedKey ?? '',
    timeoutMs,
    speed,
    headers,
    newIds,
    onAnswer,
    deliveries,
  };
}

/** Returns the deliveries of one app or endpoint: the chosen one, or the only one. */
function choose(
  deliveries: readonly ReadDelivery[],
  {
    name,
    chosen,
    idOf,
  }: {
    readonly name: 'app' | 'endpoint';
    readonly chosen: string | undefined;
    readonly idOf: (delivery: ReadDelivery) => string;
  },
): readonly ReadDelivery[] {
  const ids = [...new Set(deliveries.map(idOf))];
  const known = ids.join(', ') || 'none';
  if (chosen === undefined) {
    if (ids.length <= 1) return deliveries;
    throw invalidArgument(
      `${where}: ${name}: missing; the record has webhooks of ${ids.length} ${name}s: ${known}. Choose the one whose webhooks must be sent`,
    );
  }
  const own = deliveries.filter((delivery) => idOf(delivery) === chosen);
  if (own.length > 0) return own;
  throw invalidArgument(
    `${where}: ${name}: the record has no webhooks of the ${name} '${chosen}'; it has those of ${known}`,
  );
}
