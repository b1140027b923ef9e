import { expect, test } from 'vitest';
import { readPages } from '../../../src/commands/pages.ts';

/** A list of `count` numbers, in pages with a cursor. It records the requests. */
function listOf(count: number) {
  const requests: (readonly [number, string | undefined])[] = [];
  const read = (size: number, cursor: string | undefined) => {
    requests.push([size, cursor]);
    const from = Number(cursor ?? 0);
    const numbers = Array.from({ length: Math.min(size, count - from) }, (_, index) => from + index);
    const end = from + numbers.length;
    return Promise.resolve({ numbers, ...(end < count && { next: String(end) }) });
  };
  return {
    requests,
    pages: (limit: number) => readPages({ limit, mostOnPage: 2 }, read, ({ numbers }) => numbers),
  };
}

test('a list is read page by page to its end', async () => {
  const { requests, pages } = listOf(5);
  expect(await pages(100)).toEqual({ items: [0, 1, 2, 3, 4], last: { numbers: [4] }, hasMore: false });
  expect(requests).toEqual([
    [2, undefined],
    [2, '2'],
    [2, '4'],
  ]);
});

test('no more than the limit is requested, and the result states that there is more', async () => {
  const { requests, pages } = listOf(5);
  expect(await pages(3)).toMatchObject({ items: [0, 1, 2], hasMore: true });
  expect(requests).toEqual([
    [2, undefined],
    [1, '2'],
  ]);
});

test('a limit equal to the length of the list leaves nothing more', async () => {
  expect(await listOf(4).pages(4)).toMatchObject({ items: [0, 1, 2, 3], hasMore: false });
  expect(await listOf(0).pages(4)).toMatchObject({ items: [], hasMore: false });
});
