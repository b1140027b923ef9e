import { useEffect, useRef, useState } from 'preact/hooks';
import { mostOnPage, type DeliveryView, type PageOf } from '../../../views/deliveries.ts';
import { api } from '../api.ts';
import type { RequestError } from '../http.ts';
import { useLast, useReloadOn, useResource, type Resource } from '../resource.ts';
import { generation, listen } from '../stream.ts';
import { hold, type HeldRows } from './held-rows.ts';

const pageSize = 50;
const settleMs = 400;
/** If more rows than this arrive together, nobody can read them, so the list is reloaded less often. */
const burst = 10;
const burstMs = 2000;
/** How many new rows are counted while the list is held. More are if older rows are wanted, because these come after them. */
const maxFresh = 100;

/** The deliveries that are shown, and the number of newer ones. */
export interface DeliveryList {
  readonly items: readonly DeliveryView[] | undefined;
  readonly error: RequestError | undefined;
  readonly isLoading: boolean;
  readonly keptSinceMs: number | undefined;
  readonly skipped: number;
  readonly hasMore: boolean;
  /** Whether older ones exist but are not listed, because the list is as long as it may be. */
  readonly isFull: boolean;
  /** How many newer ones are not shown, because the list is held. */
  readonly fresh: number;
  /** Whether there may be more newer ones than those that were counted. */
  readonly hasMoreFresh: boolean;
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
  const [room, setRoom] = useState(maxFresh);
  const requested = Math.min(isHeld ? limit + room : limit, mostOnPage);
  const resource = useResource<PageOf<DeliveryView>>(`${app} ${q} ${requested}`, (signal) =>
    api.deliveries(app, { q, limit: requested }, signal),
  );
  const page = useLast(resource.value, `${app} ${q}`);
  useEffect(() => setLimit(pageSize), [app, q]);
  useEffect(() => setRoom(maxFresh), [app, q, isHeld]);
  useReloadOn(generation.value, resource.reload);
  useWebhookRows(app, resource);
  const { held, showFresh } = useHeldRows(page, { list: `${app} ${q}`, isHeld, limit });
  const hasOlder = (page?.items.length ?? 0) > limit || page?.next !== undefined;
  const isShort =
    resource.value !== undefined && requested === mostOnPage && (held?.rows.length ?? 0) < limit;
  const isFull = limit >= mostOnPage || isShort;
  return {
    items: held?.rows,
    error: resource.error,
    isLoading: resource.isLoading,
    keptSinceMs: resource.value?.keptSinceMs,
    skipped: resource.value?.skipped ?? 0,
    hasMore: hasOlder && !isFull,
    isFull: hasOlder && isFull,
    fresh: held?.fresh ?? 0,
    hasMoreFresh: held?.hasMoreFresh ?? false,
    reload: resource.reload,
    more: () => {
      setLimit(limit + pageSize);
      if (held !== undefined) setRoom(held.hasMoreFresh ? mostOnPage : held.fresh + maxFresh);
    },
    showFresh: () => {
      showFresh();
      scrollTo({ top: 0 });
    },
  };
}

interface Rendered {
  readonly list: string;
  readonly rows: readonly DeliveryView[];
}

interface Holding {
  /** Which list it is. Nothing of another list is held. */
  readonly list: string;
  readonly isHeld: boolean;
  readonly limit: number;
}

/**
 * The rows to show. A hold begins with the rows that were rendered last, because the reader sees these: an effect would
 * be too late for rows that arrive meanwhile.
 */
function useHeldRows(
  page: PageOf<DeliveryView> | undefined,
  { list, isHeld, limit }: Holding,
): { readonly held: HeldRows<DeliveryView> | undefined; readonly showFresh: () => void } {
  const rendered = useRef<Rendered | undefined>(undefined);
  const [, render] = useState({});
  const shown = isHeld && rendered.current?.list === list ? rendered.current.rows : undefined;
  const held = page && hold({ rows: page.items, isWhole: page.next === undefined }, shown, limit);
  rendered.current = held && { list, rows: held.rows };
  const showFresh = () => {
    rendered.current = undefined;
    render({});
  };
  return { held, showFresh };
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
