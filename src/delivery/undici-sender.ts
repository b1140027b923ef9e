import type { Clock } from '../ports/clock.ts';
import type { Outcome, PostSender, Post } from '../ports/webhook-sender.ts';
import { Attempt } from './attempt.ts';
import { Names } from './names.ts';
import { OpenAnswers } from './open-answers.ts';
import { Pools } from './pools.ts';

/** How the sender is made. */
export interface UndiciSenderOptions {
  readonly clock: Clock;
  /** How long attempts may take: their look-ups take less. Default: 4 s. */
  readonly requestTimeoutMs?: number;
  /** Beyond so many connections, those that wait for their next POST are closed for new ones. Default: no bound. */
  readonly mostConnections?: number;
  /** Default: made for it. */
  readonly names?: Names;
}

/** A URL as undici takes it: reading one takes as long as a third of the whole request. */
interface Place {
  readonly origin: string;
  readonly path: string;
}

/** URLs are configured, few, and seldom change. */
const rememberedPlaces = 1000;

/**
 * Sends webhooks through keep-alive connections, a pool for each origin. Redirects are not followed. The
 * time-out is the clock's: undici's own timers are coarse by up to a second.
 */
export function createUndiciSender({
  clock,
  requestTimeoutMs = 4000,
  mostConnections = Infinity,
  names = new Names({ clock, timeoutMs: (requestTimeoutMs * 3) / 4 }),
}: UndiciSenderOptions): PostSender {
  const pools = new Pools({ names, mostConnections });
  const openAnswers = new OpenAnswers(clock, mostConnections / 2);
  const places = new Map<string, Place>();
  let isClosed = false;

  function placeOf(url: string): Place | undefined {
    let place = places.get(url);
    if (place === undefined && URL.canParse(url)) {
      const { origin, pathname, search } = new URL(url);
      place = { origin, path: pathname + search };
      if (places.size >= rememberedPlaces) places.clear();
      places.set(url, place);
    }
    return place;
  }

  return {
    async send({ url, headers, body, publicOnly = false }: Post, timeoutMs: number): Promise<Outcome> {
      if (isClosed) return { kind: 'unreachable', code: 'CLOSED' };
      const place = placeOf(url);
      if (place === undefined) return { kind: 'unreachable', code: 'ERR_INVALID_URL' };
      return new Promise((resolve) => {
        const attempt = new Attempt({ clock, timeoutMs, openAnswers, settle: resolve });
        const request = { ...place, method: 'POST', headers, body } as const;
        pools.dispatch(request, { attempt, publicOnly });
      });
    },
    async close() {
      isClosed = true;
      names.close();
      await pools.close();
    },
  };
}
