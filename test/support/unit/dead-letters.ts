import {
  DeadLetterOffice,
  type DeadLetterOfficeOptions,
} from '../../../src/delivery-log/dead-letter-office.ts';
import type { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import type { Letters } from '../../../src/http-api/dead-letter-queries.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import { MemoryDeadLetters, type MemoryDeadLettersOptions } from '../../../src/store/memory/dead-letters.ts';
import { AttemptPlaces } from '../../../src/webhooks/attempt-places.ts';
import type { DeadLetter } from '../../../src/webhooks/dead-letter.ts';
import type { DeliverySubscriber } from '../../../src/webhooks/delivery-facts.ts';
import { defaultPolicy } from '../property/delivery-shell.ts';
import { FakeClock } from '../fake-clock.ts';
import { application, channelName } from './application.ts';
import { createDispatcher } from './create-dispatcher.ts';
import { FakeSender } from './fake-sender.ts';

const notExpected = (): never => {
  throw new Error('dead letters are not expected here');
};

/** For an API that receives no request for dead letters. */
export const noLetters: Letters = {
  read: notExpected,
  find: notExpected,
  resend: notExpected,
  estimate: notExpected,
  recover: notExpected,
  recovery: notExpected,
  cancel: notExpected,
};

/** The time of day when the clock of these stages is at zero. */
export const startedAtMs = 1_700_000_000_000;

/** A dead letter of app 1 and its endpoint, with one event, with these changes. */
export function deadLetter(given: Partial<DeadLetter> & { channels?: readonly string[] } = {}): DeadLetter {
  const { channels = ['news'], ...rest } = given;
  return {
    id: 'msg_1',
    appId: '1',
    endpointId: 'main',
    reason: 'expired',
    droppedAtMs: startedAtMs,
    timeMs: startedAtMs,
    turn: 1,
    events: channels.map((channel) => ({
      name: 'channel_occupied',
      channel: channelName(channel),
      json: `{"name":"channel_occupied","channel":"${channel}"}`,
    })),
    attempts: [],
    attemptsMade: 0,
    resends: 0,
    resentAtMs: undefined,
    ...rest,
  };
}

/** Dead letters in memory, on a clock that the test moves. */
export function letterStage(given: Partial<MemoryDeadLettersOptions> = {}) {
  const clock = new FakeClock();
  const wallTime = { now: () => startedAtMs + clock.now() };
  const store = new MemoryDeadLetters({
    wallTime,
    maxBytes: 8 * 1024 * 1024,
    keepDays: 7,
    run: 'epoch-1',
    ...given,
  });
  return { clock, wallTime, store };
}

/** A dispatcher with dead letters, whose attempts wait for the test. */
export function officeStage({
  applications = [application()],
  places = new AttemptPlaces(1024),
  policy = {},
  store: bounds = {},
  ...given
}: Partial<Pick<DeadLetterOfficeOptions, 'isHere' | 'log' | 'metrics' | 'onAttempt'>> & {
  applications?: ReturnType<typeof application>[];
  places?: AttemptPlaces;
  policy?: Partial<typeof defaultPolicy>;
  store?: Partial<MemoryDeadLettersOptions>;
} = {}) {
  const { clock, wallTime, store } = letterStage(bounds);
  const sender = new FakeSender();
  let ids = 0;
  const shared = {
    clock,
    wallTime,
    sender,
    places,
    applications,
    policy: { ...defaultPolicy, ...policy },
    requestTimeoutMs: 4000,
    epoch: () => 'epoch-1',
    ids: { webhookId: () => `msg_${(ids += 1)}` },
  };
  let dispatcher: Dispatcher | undefined;
  const office = new DeadLetterOffice({
    ...shared,
    log: silentLog,
    metrics: noMetrics,
    store,
    target: (appId, endpointId) => dispatcher?.target(appId, endpointId),
    ...given,
  });
  /** Further ones may be added. */
  const subscribers: DeliverySubscriber[] = [office.onFact];
  const made = createDispatcher({ ...shared, subscribers });
  dispatcher = made.dispatcher;
  return { ...made, subscribers, office, store, sender, clock, wallTime, places };
}
