import { channelDetail, channelPage, connections, timeline } from './fixtures/channels.ts';
import { lanesOf, truthOf } from './fixtures/truth.ts';
import { dropped, recover, recovery } from './recoveries.ts';
import { Refused } from './refused.ts';
import { matches } from './search.ts';
import { changeSettings } from './settings.ts';
import type { MockState } from './state.ts';

/** A parsed request. */
export interface MockRequest {
  readonly method: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export { Refused };

/** The response to a request of the page. */
export function answer(state: MockState, request: MockRequest): unknown {
  const [first, app, what, id, verb] = request.parts;
  switch (first ?? '') {
    case 'self':
      return state.self();
    case 'overview':
      return state.overview(true);
    case 'console':
      return consoleRows(state, request.query);
    case 'export':
      return {
        apps: state.apps
          .filter(({ origin }) => origin === 'run-time')
          .map(({ id: appId }) => ({ id: appId, secretFile: `/run/secrets/${appId}` })),
      };
    case 'control':
      return control(state, request);
    case 'apps':
      if (app !== undefined && request.method === 'GET' && what !== undefined) return read(state, request);
      return (app !== undefined && act(state, request, { what, id, verb })) || changeSettings(state, request);
    default:
      throw new Refused(404, 'unknown', `There is no ${request.parts.join('/')}.`);
  }
}

function read(state: MockState, { parts, query }: MockRequest): unknown {
  const [, , what, id, verb] = parts;
  switch (what ?? '') {
    case 'deliveries':
      return id === undefined
        ? page(state.deliveries, query)
        : found(state.deliveries.find((one) => one.id === id));
    case 'events':
      return page(state.events, query);
    case 'dropped':
      return dropped(state, query);
    case 'recover':
      return recovery(state, id ?? '');
    case 'channels':
      if (id === undefined) return channelPage(state.channels, query);
      return verb === 'timeline' ? timeline(id, Date.now()) : channelDetail(id);
    case 'connections':
      return { connections: connections(40), total: 1284 };
    case 'endpoints':
      return verb === 'truth' ? truthOf(id ?? '', Date.now()) : lanesOf(id ?? '');
    default:
      throw new Refused(404, 'unknown', `There is no ${parts.join('/')}.`);
  }
}

function act(
  state: MockState,
  { method, body }: MockRequest,
  { what, id, verb }: Record<string, string | undefined>,
): unknown {
  switch (what ?? '') {
    case 'deliveries':
      if (verb !== 'resend') return undefined;
      return {
        number: 2,
        resend: 1,
        atMs: Date.now(),
        elapsedMs: 14,
        result: 'success',
        status: 200,
        headers: {},
        answer: 'ok',
      };
    case 'recover':
      return recover(state, { method, id, body });
    case 'publish':
      return { published: (body as { events: unknown[] }).events.length };
    case 'client-events':
    case 'connections':
    case 'users':
      return {};
    case 'verify':
      return verify(body as { signature: string });
    default:
      return undefined;
  }
}

function verify({ signature }: { signature: string }) {
  return signature.startsWith('a')
    ? {
        isGenuine: true,
        key: '278d425bdf160c739803',
        sentence: 'The signature is valid: it was made with the secret of key 278d425bdf160c739803.',
      }
    : {
        isGenuine: false,
        sentence:
          'No key of this app made this signature. The body differs from what was sent, for instance because it was parsed and serialized again: verify the raw bytes.',
      };
}

function page<Item extends { readonly atMs: number }>(items: readonly Item[], query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? 50);
  const all = items.filter((item) => matches(item, query.get('q') ?? ''));
  const from = Number(query.get('before') ?? 0);
  return {
    items: all.slice(from, from + limit),
    ...(all.length > from + limit && { next: String(from + limit) }),
    keptSinceMs: Date.now() - 41 * 60_000,
    skipped: 0,
  };
}

function consoleRows(state: MockState, query: URLSearchParams) {
  const types = (query.get('types') ?? '').split(',').filter(Boolean);
  const before = Number(query.get('before') ?? Infinity);
  const rows = state.rows.filter(
    (row) =>
      row.seq < before &&
      (types.length === 0 || types.includes(row.type)) &&
      matches(row, query.get('q') ?? ''),
  );
  return {
    rows: rows.slice(-Number(query.get('limit') ?? 100)),
    skipped: 0,
    keptSinceMs: Date.now() - 41 * 60_000,
  };
}

function control(state: MockState, { method, parts, body }: MockRequest): unknown {
  const what = parts.slice(1).join('/');
  if (what === 'clock/advance') state.virtualMs += (body as { ms: number }).ms;
  if (what === 'clock/next') state.virtualMs += 3000;
  if (what.startsWith('clock')) return { mode: 'virtual', nowMs: state.virtualMs };
  if (method === 'GET')
    return {
      webhooks: [{ id: 1, appId: 'shop', spec: { status: 503, times: 3 }, remaining: 2, hits: 1 }],
      connections: [{ id: 2, spec: { refuse: 4100 }, hits: 12 }],
      api: [],
    };
  return method === 'POST' ? { id: 3, hits: 0 } : {};
}

function found<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new Refused(404, 'unknown', 'no delivery with this id is kept');
  return item;
}
