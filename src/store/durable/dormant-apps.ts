import type { Announced } from '../../channels/occupancy.ts';
import type { Clock, Millis } from '../../ports/clock.ts';
import type { RestoredBatch, RestoredEvent } from '../../ports/delivery-source.ts';
import type { Database } from '../disk/database.ts';
import type { KeptCachedEvent } from './cache-table.ts';
import type { KeptEvent } from './outbox-table.ts';
import { isNumber } from './rows.ts';
import { isText, parseJson } from '../../protocol/json-value.ts';
import type { Run } from './run.ts';

/** What an earlier run has left of one app. */
export interface KeptApp {
  channels: readonly Announced[];
  readonly cached: KeptCachedEvent[];
  /** The oldest first. */
  readonly events: KeptEvent[];
  readonly batches: RestoredBatch[];
}

/** The apps of an earlier run. */
export class KeptApps {
  readonly all = new Map<string, KeptApp>();

  of(appId: string): KeptApp {
    let kept = this.all.get(appId);
    if (kept === undefined)
      this.all.set(appId, (kept = { channels: [], cached: [], events: [], batches: [] }));
    return kept;
  }
}

/** How long the state of an app that is not configured is kept, by the clock that also runs while the program is down. */
const keepMs: Millis = 7 * 86_400_000;

/**
 * The apps of an earlier run that are not configured. Their state stays in the store, so that a start with a wrong configuration
 * loses nothing: endpoints learn later who has left.
 */
export class DormantApps {
  readonly #database: Database;
  readonly #run: Pick<Run, 'lasting' | 'meta'>;
  readonly #clock: Clock;
  readonly #apps = new Map<string, { readonly kept: KeptApp; readonly since: number }>();
  #begunAt: Millis = 0;

  constructor(database: Database, run: Pick<Run, 'lasting' | 'meta'>, clock: Clock) {
    this.#database = database;
    this.#run = run;
    this.#clock = clock;
  }

  /** Keeps the apps that are not configured. Returns their ids, and those apps that have not been for too long. */
  begin(
    apps: KeptApps,
    isConfigured: (appId: string) => boolean,
  ): { readonly dormant: readonly string[]; readonly forgotten: readonly (readonly [string, KeptApp])[] } {
    const saved = parseTimes(this.#run.meta.get('dormant'));
    const now = this.#run.lasting();
    this.#begunAt = this.#clock.now();
    const forgotten: (readonly [string, KeptApp])[] = [];
    for (const [appId, kept] of apps.all) {
      if (isConfigured(appId)) continue;
      const since = saved.get(appId) ?? now;
      if (now - since >= keepMs) forgotten.push([appId, kept]);
      else this.#apps.set(appId, { kept, since });
    }
    this.#write();
    return { dormant: [...this.#apps.keys()], forgotten };
  }

  /** What is left of an app that is configured again, as old as it is now; undefined if there is none. */
  wake(appId: string): KeptApp | undefined {
    const app = this.#apps.get(appId);
    if (app === undefined) return undefined;
    this.#apps.delete(appId);
    this.#write();
    return aged(app.kept, this.#clock.now() - this.#begunAt);
  }

  #write(): void {
    if (this.#apps.size === 0 && !this.#run.meta.has('dormant')) return;
    const times = Array.from(this.#apps, ([appId, { since }]) => [appId, since]);
    this.#database.put('meta', 'dormant', JSON.stringify(times));
  }
}

function aged({ channels, cached, events, batches }: KeptApp, byMs: Millis): KeptApp {
  const older = <E extends RestoredEvent>(kept: E): E => ({ ...kept, ageMs: kept.ageMs + byMs });
  return {
    channels,
    cached: cached.map((kept) => ({ ...kept, remainingMs: kept.remainingMs - byMs })),
    events: events.map(older),
    batches: batches.map((batch) => ({ ...batch, events: batch.events.map(older) })),
  };
}

function parseTimes(text = ''): ReadonlyMap<string, number> {
  const times = parseJson(text);
  return new Map(Array.isArray(times) ? times.filter(isTime) : []);
}

function isTime(value: unknown): value is readonly [string, number] {
  return Array.isArray(value) && isText(value[0]) && isNumber(value[1]);
}
