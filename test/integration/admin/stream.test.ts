import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Admin, ask, type Headers } from '../support/admin.ts';
import { AdminWorld } from '../support/admin-world.ts';
import { trigger } from '../support/http.ts';

interface Row {
  readonly seq: number;
  readonly type: string;
  readonly channel?: string;
}

interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: { readonly rows?: readonly Row[]; readonly skipped?: number; readonly isRestarted?: true };
}

/** A reader of the stream, as EventSource reads it. */
class Reader {
  readonly events: StreamEvent[] = [];
  status = 0;
  isOver = false;
  #end = (): void => {};

  static async open(
    port: number,
    query = '',
    headers: Headers = {},
    path = '/admin/stream',
  ): Promise<Reader> {
    const reader = new Reader();
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}${query}`, { headers });
    reader.status = statusCode;
    reader.#end = () => void body.destroy();
    onTestFinished(() => reader.close());
    body.on('error', () => {
      // It was closed by the test.
    });
    let text = '';
    body.setEncoding('utf8').on('data', (piece: string) => {
      const parts = (text + piece).split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) reader.#take(part);
    });
    body.on('close', () => void (reader.isOver = true));
    return reader;
  }

  close(): void {
    this.#end();
  }

  get rows(): readonly Row[] {
    return this.of('rows').flatMap(({ data }) => data.rows ?? []);
  }

  get lastId(): string {
    return this.of('rows').at(-1)?.id ?? '';
  }

  of(event: string): readonly StreamEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  #take(part: string): void {
    const lines = part.split('\n').map((line) => /^(\w*): ?(.*)$/.exec(line));
    const field = (name: string) => lines.find((line) => line?.[1] === name)?.[2];
    const [event, data] = [field('event'), field('data')];
    if (event === undefined || data === undefined) return;
    this.events.push({ id: field('id'), event, data: JSON.parse(data) as StreamEvent['data'] });
  }
}

const channelsOf = (rows: readonly Row[]) => rows.map(({ type, channel }) => `${type} ${channel}`);

describe('the stream', () => {
  test('sends rows, numbers and changes of settings, on both APIs', async () => {
    const { admin } = await AdminWorld.start();
    for (const path of ['/admin/stream', '/dashboard/api/stream']) {
      const reader = await Reader.open(
        admin.port,
        '?types=subscribed',
        { 'sec-fetch-site': 'same-origin' },
        path,
      );
      await expect.poll(() => reader.of('stats').length).toBe(1);
      expect(reader.of('stats')[0]?.data).not.toHaveProperty('series');
      const stats = { status: 200, headers: {}, text: '', json: reader.of('stats')[0]?.data };
      expect(admin.faultsOf('readOverview', stats)).toEqual([]);
      await admin.get('pauseEndpoint', { of: { app: '1', endpoint: 'main' }, body: { how: 'hold' } });
      await admin.get('resumeEndpoint', { of: { app: '1', endpoint: 'main' } });
      await expect.poll(() => reader.of('settings').length).toBe(2);
      reader.close();
    }
  });

  test('sends each row once to a client that reconnects, including rows of its absence', async () => {
    const world = await AdminWorld.start();
    const client = await world.connect();
    const first = await Reader.open(world.admin.port, '?types=subscribed');
    for (const channel of ['a', 'b']) await client.subscribe(channel);
    await expect.poll(() => channelsOf(first.rows)).toEqual(['subscribed a', 'subscribed b']);
    first.close();
    for (const channel of ['c', 'd']) await client.subscribe(channel);
    const again = await Reader.open(world.admin.port, '?types=subscribed', { 'last-event-id': first.lastId });
    await client.subscribe('e');
    await expect.poll(() => channelsOf(again.rows)).toEqual(['subscribed c', 'subscribed d', 'subscribed e']);
    const seqs = [...first.rows, ...again.rows].map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
    expect(again.of('rows').some(({ data }) => data.isRestarted)).toBe(false);
  });

  test('reports a restart to a client that has seen rows beyond those of this process', async () => {
    const { admin } = await AdminWorld.start();
    const reader = await Reader.open(admin.port, '', { 'last-event-id': '999999' });
    await expect.poll(() => reader.of('rows')[0]?.data.isRestarted).toBe(true);
    const invalid = await Reader.open(admin.port, '', { 'last-event-id': 'x; DROP' });
    expect(invalid.status).toBe(200);
  });

  test('sends only the requested rows', async () => {
    const world = await AdminWorld.start();
    const byType = await Reader.open(world.admin.port, '?types=published');
    const bySearch = await Reader.open(
      world.admin.port,
      `?q=${encodeURIComponent('channel:b* -type:occupied')}`,
    );
    const ofOther = await Reader.open(world.admin.port, '?app=none');
    const client = await world.connect();
    for (const channel of ['a', 'b']) await client.subscribe(channel);
    await trigger(world.admin.server, 'b');
    await expect.poll(() => byType.rows.length).toBe(1);
    await expect.poll(() => channelsOf(bySearch.rows)).toContain('published b');
    // The rows of a request name all its channels.
    const named = bySearch.rows.flatMap(({ channel }) => channel ?? []);
    expect(new Set(named)).toEqual(new Set(['b']));
    expect(bySearch.rows.map(({ type }) => type)).not.toContain('occupied');
    expect(ofOther.rows).toEqual([]);
  });

  test.each([
    ['types=lunch', /lunch/],
    ['q=colour:red', /unknown search key 'colour'/],
    ['since=1', /unknown field 'since'; expected one of app, types, q/],
  ])('is refused for %s before it begins', async (query, message) => {
    const { server } = await Admin.start();
    expect(await ask(server, 'GET', `/admin/stream?${query}`)).toMatchObject({
      status: 400,
      headers: { 'content-type': 'application/json' },
      json: { error: { message: expect.stringMatching(message) as string } },
    });
  });

  test('has sixteen readers: the next one is refused until one of them leaves', async () => {
    const { server } = await Admin.start();
    const readers: Reader[] = [];
    for (let index = 0; index < 16; index += 1) readers.push(await Reader.open(server.port));
    const late = await Reader.open(server.port);
    await expect.poll(() => late.isOver).toBe(true);
    expect(late.events).toMatchObject([{ event: 'full', data: { error: { code: 'ERR_TOO_MANY' } } }]);
    readers[0]?.close();
    await expect
      .poll(async () => {
        const next = await Reader.open(server.port);
        await expect.poll(() => next.events.length).toBeGreaterThan(0);
        const isTaken = next.of('full').length === 0;
        if (!isTaken) next.close();
        return isTaken;
      })
      .toBe(true);
  });

  test('reports how many rows were skipped because too much happened at once', async () => {
    const world = await AdminWorld.start();
    const reader = await Reader.open(world.admin.port, '?types=published');
    const events = Array.from({ length: 10 }, () => ({ name: 'a', channels: ['news'], data: 'x' }));
    const publish = () => world.admin.get('publish', { of: { app: '1' }, body: { events } });
    for (let sent = 0; sent < 1000; sent += 10) await publish();
    const state = () => {
      const skipped = reader.of('rows').reduce((sum, { data }) => sum + (data.skipped ?? 0), 0);
      return { shown: reader.rows.length, all: reader.rows.length + skipped };
    };
    // The number of skipped rows is sent with the next row.
    await expect
      .poll(async () => {
        await publish();
        return state().all;
      })
      .toBeGreaterThanOrEqual(1000);
    expect(state().shown).toBeLessThan(1000);
  });

  test('ends with the server', async () => {
    const { server } = await Admin.start();
    const reader = await Reader.open(server.port);
    await server.close();
    await expect.poll(() => reader.isOver).toBe(true);
  });
});
