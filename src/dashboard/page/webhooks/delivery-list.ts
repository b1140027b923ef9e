import { useEffect, useRef, useState } from 'preact/hooks';
import type { DeliveryView, PageOf } from '../../../views/deliveries.ts';
import { api } from '../api.ts';
import type { RequestError } from '../http.ts';
import { useLast, useReloadOn, useResource, type Resource } from '../resource.ts';
import { generation, listen } from '../stream.ts';
import { hold } from './held-rows.ts';

const pageSize = 50;
const settleMs = 400;
/** If more rows than this arrive together, nobody can read them, so the list is reloaded less often. */
const burst = 10;
const burstMs = 2000;
/** How many new rows are counted while the list is held. */
const maxFresh = 100;

/** The deliveries that are shown, and the number of newer ones. */
export interface DeliveryList {
  readonly items: readonly DeliveryView[] | undefined;
  readonly error: RequestError | undefined;
  readonly isLoading: boolean;
  readonly keptSinceMs: number | undefined;
  readonly skipped: number;
  readonly hasMore: boolean;
  /** How many newer ones are not shown, because the list is held. */
  readonly fresh: number;
  readonly reload: () => void;
  readonly more: () => void;
  readonly showFresh: () => void;
}

/**
 * Deliveries that match a search. They are reloaded when the stream reports a webhook. While the list is held, the shown
 * rows update but do not move, and new rows are counted.
 */
export function useDeliveries(app: string, q: string, isHeld: boolean): DeliveryList {
  const [limit, setLimit] = useState(pageSize);
  const [shown, setShown] = useState<ReadonlySet<string> | undefined>(undefined);
  const requested = isHeld ? limit + maxFresh : limit;
  const resource = useResource<PageOf<DeliveryView>>(`${app} ${q} ${requested}`, (signal) =>
    api.deliveries(app, { q, limit: requested }, signal),
  );
  const items = useLast(resource.value?.items, `${app} ${q}`);
  useEffect(() => setLimit(pageSize), [app, q]);
  useReloadOn(generation.value, resource.reload);
  useWebhookRows(app, resource);
  useEffect(() => {
    setShown(isHeld && items !== undefined ? new Set(items.map(({ id }) => id)) : undefined);
    // The shown rows are fixed when the hold begins.
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

/** Reloads the list shortly after a webhook: once for many webhooks, and never during another load. */
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
        readAfter(rows.length + skipped > burst ? burstMs : settleMs);
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [app]);
}
