import { Api } from '../../../src/http-api/api.ts';
import type { ApiAnswering, ApiHead } from '../../../src/http-api/api-route.ts';
import type { ApiAnswer } from '../../../src/http-api/api-answer.ts';
import type { Letters } from '../../../src/http-api/dead-letter-queries.ts';
import { DropJournal, type Drops } from '../../../src/delivery-log/drop-journal.ts';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { createNotifier } from '../../../src/apps/notifier.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { silentLog, type Log } from '../../../src/ports/log.ts';
import type { MaybePromise } from '../../../src/ports/maybe-promise.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import { isHttpError, type HttpError } from '../../../src/protocol/http-error.ts';
import { MemoryLedger } from '../../../src/store/memory/ledger.ts';
import { FakeClock } from '../fake-clock.ts';
import { application, channelName } from './application.ts';
import { whole } from './ask-api.ts';
import { RecordingFanout } from './recording-fanout.ts';
import { RecordingOutbox } from './recording-outbox.ts';
import { requestTimeMs, signedRequest } from './signed-request.ts';
import { noSlices } from '../turns.ts';
import { noLetters } from './dead-letters.ts';

/** The HTTP API on fakes, with the in-memory ledger behind it. */
export function apiStage({
  apps = [application()],
  ledger: before,
  log,
  readDrops,
  letters = noLetters,
  turns: given,
}: {
  turns?: Partial<ReturnType<typeof noSlices>>;
  log?: Partial<Log>;
  apps?: ReturnType<typeof application>[];
  ledger?: (memory: MemoryLedger) => Ledger;
  readDrops?: Drops['read'];
  letters?: Letters;
} = {}) {
  const clock = new FakeClock();
  const turns = { ...noSlices(), ...given };
  const fanout = new RecordingFanout();
  const localApps = new LocalApps(apps);
  const counts = new Map<string, number>();
  const memory = new MemoryLedger({
    ...turns,
    clock,
    outbox: new RecordingOutbox(),
    metrics: noMetrics,
    ...createNotifier(localApps, () => {}, fanout),
    wake: () => {},
    countSubscribers: (appId, channel) => counts.get(`${appId}/${channel}`) ?? 0,
    cacheTtlMs: 1_800_000,
  });
  const drops = new DropJournal();
  const both = new Api({
    questions: turns.questions,
    apps: localApps,
    ledger: before?.(memory) ?? memory,
    fanout,
    wallTime: { now: () => requestTimeMs },
    metrics: noMetrics,
    log: { ...silentLog, ...log },
    epoch: () => 'epoch-1',
    reconcile: () => 0,
    webhookState: () => ({
      kept: 'memory',
      epoch: 'epoch-1',
      starts: undefined,
      lastEnd: undefined,
      lost: undefined,
      queues: [],
    }),
    drops: readDrops === undefined ? drops : { read: readDrops },
    letters,
  });
  const api = whole(both);
  return {
    api,
    fanout,
    clock,
    memory,
    drops,
    /** The error for an event that is rejected by its head alone. */
    refuse(head: ApiHead): HttpError | undefined {
      const outcome = both.events(head);
      return isHttpError(outcome) ? outcome : undefined;
    },
    /** The head of an event that is accepted. */
    begin(head: ApiHead): ApiAnswering {
      const outcome = both.events(head);
      if (isHttpError(outcome)) throw new Error(outcome.text);
      return outcome;
    },
    replace: (next: readonly ReturnType<typeof application>[]) => void localApps.replace(next),
    /** Subscribes a user to a channel of app 1. */
    occupy(channel: string, userId?: string): void {
      counts.set(`1/${channel}`, (counts.get(`1/${channel}`) ?? 0) + 1);
      memory.join({
        appId: '1',
        channel: channelName(channel),
        ...(userId !== undefined && { member: { userId, infoJson: 'null' } }),
        memberLimit: 100,
        readsCache: false,
        wantsCacheMiss: false,
      });
    },
    events: (content: unknown) =>
      answerOf(api.events(signedRequest('POST', '/apps/1/events', body(content)))),
    batch: (content: unknown) =>
      answerOf(api.batchEvents(signedRequest('POST', '/apps/1/batch_events', body(content)))),
    get: (route: 'channels' | 'channel' | 'users', path: string, query: Record<string, string> = {}) =>
      answerOf(api[route](signedRequest('GET', path, { query }))),
  };
}

function body(content: unknown): { body: string } {
  return { body: typeof content === 'string' ? content : JSON.stringify(content) };
}

/** The result: the JSON's value, or the status and the text of an error. */
async function answerOf(answer: MaybePromise<ApiAnswer>): Promise<unknown> {
  const settled = await answer;
  return 'json' in settled ? (JSON.parse(settled.json) as unknown) : `${settled.status} ${settled.text}`;
}
