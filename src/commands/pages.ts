/** The result of reading a list page by page. */
export interface Pages<Item, Page> {
  readonly items: readonly Item[];
  /** The page that was read last. */
  readonly last: Page;
  /** Whether the server has more than `limit` items. */
  readonly hasMore: boolean;
}

/**
 * Reads a list page by page, up to `limit` items. `read` returns a page of at most `size` items: the first one, or the one at `cursor`,
 * which is the `next` of the previous page.
 */
export async function readPages<Item, Page extends { readonly next?: string }>(
  { limit, mostOnPage }: { readonly limit: number; readonly mostOnPage: number },
  read: (size: number, cursor: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
): Promise<Pages<Item, Page>> {
  const items: Item[] = [];
  for (let cursor: string | undefined; ;) {
    const last = await read(Math.min(mostOnPage, limit - items.length), cursor);
    items.push(...itemsOf(last));
    cursor = last.next;
    const hasMore = cursor !== undefined;
    if (!hasMore || items.length >= limit) return { items, last, hasMore };
  }
}
