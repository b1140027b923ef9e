import { randomBytes } from 'node:crypto';
import type {
  AppInput,
  AppView,
  EndpointInput,
  EndpointView,
  TestView,
} from '../../../src/views/settings.ts';
import { endpointOf, newApp } from './fixtures/apps.ts';
import { Refused } from './refused.ts';
import type { MockRequest } from './routes.ts';
import type { MockState } from './state.ts';

/** The operations on apps, keys and endpoints. */
export function changeSettings(state: MockState, request: MockRequest): unknown {
  const [, id, what] = request.parts;
  if (id === undefined)
    return request.method === 'GET' ? { apps: state.apps } : addApp(state, request.body as AppInput);
  const app = state.apps.find((one) => one.id === id);
  if (app === undefined) throw new Refused(404, 'unknown', `No app has the id ${id}.`);
  if (what !== 'secrets' && request.method !== 'GET') setImmediate(() => (state.settingsVersion += 1));
  switch (what) {
    case undefined:
      return changeApp(state, app, request);
    case 'secrets':
      return { pairs: state.secrets.get(id) ?? [] };
    case 'keys':
      return changeKeys(state, app, request);
    case 'endpoints':
      return changeEndpoints(state, app, request);
    default:
      throw new Refused(404, 'unknown', `There is no ${request.parts.join('/')}.`);
  }
}

function put(state: MockState, app: AppView): AppView {
  state.apps[state.apps.findIndex(({ id }) => id === app.id)] = app;
  return app;
}

function addApp(state: MockState, { id, key, secret, ...rest }: AppInput): AppView {
  if (id !== undefined && state.apps.some((one) => one.id === id))
    throw new Refused(409, 'conflict', `There is an app with the id ${id} already.`, [
      { path: 'id', message: 'An app has it already.' },
    ]);
  const app = {
    ...newApp(id ?? randomBytes(3).toString('hex'), key ?? randomBytes(10).toString('hex')),
    ...rest,
  };
  state.apps.push(app);
  state.secrets.set(app.id, [
    { key: app.keys[0]?.key ?? '', secret: secret ?? randomBytes(10).toString('hex') },
  ]);
  state.settingsVersion += 1;
  return app;
}

function changeApp(state: MockState, app: AppView, { method, body }: MockRequest): unknown {
  if (method === 'PUT') return put(state, { ...app, ...(body as Partial<AppView>) });
  if (method !== 'DELETE') return app;
  state.apps.splice(state.apps.indexOf(app), 1);
  return {};
}

function changeKeys(state: MockState, app: AppView, { method, parts, body }: MockRequest): unknown {
  const [, , , key, verb] = parts;
  const pairs = state.secrets.get(app.id) ?? [];
  if (key === undefined) {
    const given = body as { key?: string; secret?: string };
    const pair = {
      key: given.key ?? randomBytes(10).toString('hex'),
      secret: given.secret ?? randomBytes(10).toString('hex'),
    };
    pairs.push(pair);
    put(state, { ...app, keys: [...app.keys, { key: pair.key, isFirst: false, uses: 0 }] });
    return pair;
  }
  if (verb === 'first') {
    const first = app.keys.filter((one) => one.key === key);
    const others = app.keys.filter((one) => one.key !== key);
    return put(state, {
      ...app,
      keys: [...first, ...others].map((one, index) => ({ ...one, isFirst: index === 0 })),
    });
  }
  if (method !== 'DELETE') throw new Refused(404, 'unknown', 'There is no such operation.');
  return put(state, { ...app, keys: app.keys.filter((one) => one.key !== key) });
}

function changeEndpoints(state: MockState, app: AppView, request: MockRequest): unknown {
  const [, , , id, verb] = request.parts;
  if (id === undefined) {
    const input = request.body as EndpointInput;
    check(state, input);
    const added = endpointOf(input.id ?? `endpoint-${app.endpoints.length + 1}`, input);
    put(state, { ...app, endpoints: [...app.endpoints, added] });
    return added;
  }
  const endpoint = app.endpoints.find((one) => one.id === id);
  if (endpoint === undefined) throw new Refused(404, 'unknown', `No endpoint has the id ${id}.`);
  if (verb === 'test') return test(endpoint);
  if (verb === 'reconcile') return { channels: 3 };
  const replace = (next: EndpointView | undefined) => {
    put(state, {
      ...app,
      endpoints: app.endpoints.flatMap((one) => (one.id !== id ? [one] : next === undefined ? [] : [next])),
    });
    return next ?? {};
  };
  if (request.method === 'DELETE') return replace(undefined);
  if (request.method === 'PUT') {
    check(state, request.body as EndpointInput);
    return replace({ ...endpoint, ...endpointOf(id, request.body as EndpointInput) });
  }
  if (verb === 'pause') {
    const { how } = request.body as { how: 'hold' | 'off' };
    return replace({ ...endpoint, pause: { how, sinceMs: Date.now() } });
  }
  const { pause: _, ...resumed } = endpoint;
  return replace(resumed);
}

function check(state: MockState, { url, eventTypes }: EndpointInput): void {
  const faults = [];
  if (!URL.canParse(url))
    faults.push({
      path: 'url',
      message: `"${url}" is not a URL; use one such as https://example.com/webhooks.`,
    });
  else if (state.options.production === true && !url.startsWith('https:'))
    faults.push({ path: 'url', message: 'In production an endpoint must be https; got http.' });
  if (eventTypes?.length === 0)
    faults.push({ path: 'eventTypes', message: 'Choose at least one event type.' });
  if (faults.length > 0) throw new Refused(400, 'invalid', 'The endpoint cannot be saved as it is.', faults);
}

function test({ url, id }: EndpointView): TestView {
  const request = {
    url,
    headers: {
      'content-type': 'application/json',
      'x-pusher-key': '278d425bdf160c739803',
      'x-pusher-signature': 'a9c1…',
    },
    body: '{"time_ms":1700000000000,"events":[{"name":"member_added","channel":"presence-example","user_id":"example-user"}]}',
  };
  return id === 'analytics'
    ? {
        result: 'refused',
        status: 401,
        elapsedMs: 21,
        answer: '{"error":"Invalid signature"}',
        verdict:
          'It answered 401: it rejects the signature. Does it compute the signature over the raw bytes, with the secret of key 278d425bdf160c739803?',
        request,
      }
    : {
        result: 'success',
        status: 200,
        elapsedMs: 12,
        answer: '{"ok":true}',
        verdict: 'It accepted the event: 200 within 12 ms.',
        request,
      };
}
