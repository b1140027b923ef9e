import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeliveryView, PageOf } from '../../../views/deliveries.ts';
import { api } from '../api.ts';
import type { RequestError } from '../http.ts';
import { useLast, useReloadOn, useResource, type Resource } from '../resource.ts';
import { generation, listen } from '../stream.ts';
import { hold } from './held-rows.ts';

const pageSize = 50;
const settleMs = 400;
/** Where more rows than this come at once, nobody can read them: the list is read again less often. */
const crowd = 10;
const crowdedMs = 2000;
/** How many new ones are counted while somebody reads. */
const mostFresh = 100;

/** The deliveries that are shown, and those that came meanwhile. */
export interface DeliveryList {
  readonly items: readonly DeliveryView[] | undefined;
  readonly error: RequestError | undefined;
  readonly isLoading: boolean;
  readonly keptSinceMs: number | undefined;
  readonly skipped: number;
  readonly hasMore: boolean;
  /** How many came and are not shown, because somebody reads. */
  readonly fresh: number;
  readonly reload: () => void;
  readonly more: () => void;
  readonly showFresh: () => void;
}

/**
 * Deliveries that match a search. They are read again when the stream tells of a webhook. While somebody reads, rows that
 * are shown change their state but none moves: those that are new are counted.
 */
export function useDeliveries(app: string, q: string, isHeld: boolean): DeliveryList {
  const [limit, setLimit] = useState(pageSize);
  const [shown, setShown] = useState<ReadonlySet<string> | undefined>(undefined);
  const asked = isHeld ? limit + mostFresh : limit;
  const resource = useResource<PageOf<DeliveryView>>(`${app} ${q} ${asked}`, (signal) =>
    api.deliveries(app, { q, limit: asked }, signal),
  );
  const items = useLast(resource.value?.items, `${app} ${q}`);
  useEffect(() => setLimit(pageSize), [app, q]);
  useReloadOn(generation.value, resource.reload);
  useWebhookRows(app, resource);
  useEffect(() => {
    setShown(isHeld && items !== undefined ? new Set(items.map(({ id }) => id)) : undefined);
    // What is shown is fixed at the moment when the reading begins.
  }, [isHeld, app, q, items === undefined]);
  const held = items === undefined ? undefined : hold(items, shown, limit);
  return {
    items: held?.rows,
    error: resource.error,
    isLoading: resource.isLoading,
    keptSinceMs: resource.value?.keptSinceMs,
    skipped: resource.value?.skipped ?? 0,
    hasMore: (items?.length ?? 0) > limit || resource.value?.next !== undefined,
    fresh: held?.fresh ?? 0,
    reload: resource.reload,
    more: () => setLimit(limit + pageSize),
    showFresh: () => {
      setShown(new Set(items?.map(({ id }) => id)));
      scrollTo({ top: 0 });
    },
  };
}

/** Hears of webhooks, and reads again a moment after, once for many of them and never while it is still reading. */
function useWebhookRows(app: string, list: Pick<Resource<unknown>, 'isLoading' | 'reload'>): void {
  const latest = useRef(list);
  latest.current = list;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const readAfter = (ms: number) => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (latest.current.isLoading) readAfter(settleMs);
        else latest.current.reload();
      }, ms);
    };
    const stop = listen(
      { app, types: ['webhook sent', 'webhook failed', 'setting'] },
      ({ rows, skipped }) => {
        readAfter(rows.length + skipped > crowd ? crowdedMs : settleMs);
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [app]);
}
