import type { ChannelDetail, ChannelPage, ConnectionView, TimelineView } from '../../views/channels.ts';
import type { AttemptView, DeliveryDetail, DeliveryView, EventView, PageOf } from '../../views/deliveries.ts';
import type { ConsoleRows, OverviewView, SelfView } from '../../views/server.ts';
import type {
  AppInput,
  AppSettings,
  AppView,
  EndpointInput,
  EndpointView,
  KeyPairView,
  PauseView,
  Role,
  TestView,
  VerifyView,
} from '../../views/settings.ts';
import type { LanesView, TruthView } from '../../views/truth.ts';
import type { EventName } from '../../webhooks/event.ts';
import type {
  DroppedFilter,
  DroppedPage,
  Recovery,
  RecoverPlan,
  RecoverStart,
} from '../../views/dead-letters.ts';
import { pathPart } from '../../protocol/path-name.ts';
import { send, withQuery, type Parameters } from './http.ts';

/** Which part of a list to return. */
export interface Window {
  readonly q?: string | undefined;
  readonly limit?: number;
  readonly before?: string | undefined;
}

/** An event to publish. */
export interface PublishedEvent {
  readonly name: string;
  readonly channels: readonly string[];
  /** Text, as in the HTTP API. JSON is encoded as text. */
  readonly data: string;
  readonly socket_id?: string;
}

/** A client event that the server sends in the name of a connection. */
export interface ClientEventInput {
  readonly socketId: string;
  readonly channel: string;
  readonly event: string;
  readonly data: string;
}

/** Which rows of the debug console to return. */
export interface ConsoleQuery {
  readonly app?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly q?: string | undefined;
  readonly limit?: number;
  /** A sequence number. Only older rows are returned. */
  readonly before?: number | undefined;
}

type Abort = AbortSignal | undefined;

const get = <Answer>(path: string, parameters: Parameters = {}, signal?: Abort) =>
  send<Answer>({ method: 'GET', path: withQuery(`api/${path}`, parameters), signal });
const post = <Answer>(path: string, body: unknown = {}) =>
  send<Answer>({ method: 'POST', path: `api/${path}`, body });
const put = <Answer>(path: string, body: unknown) =>
  send<Answer>({ method: 'PUT', path: `api/${path}`, body });
const remove = <Answer>(path: string) => send<Answer>({ method: 'DELETE', path: `api/${path}` });

const at = (...parts: readonly string[]) => parts.map(pathPart).join('/');
const ofApp = (app: string, ...parts: readonly string[]) => at('apps', app, ...parts);
const ofEndpoint = (app: string, endpoint: string, ...parts: readonly string[]) =>
  at('apps', app, 'endpoints', endpoint, ...parts);

/** The current session. `needsLogin` is true if the server requires a token, so the page offers a logout. */
export interface SessionView {
  readonly role: Role;
  readonly needsLogin: boolean;
}

/** Reads, starts and ends the session of the page. */
export const session = {
  read: () => send<SessionView>({ method: 'GET', path: 'session' }),
  login: (token: string) => send<{ role: Role }>({ method: 'POST', path: 'login', body: { token } }),
  logout: () => send<unknown>({ method: 'POST', path: 'logout' }),
};

/** Every operation of the admin API that the page uses. */
export const api = {
  self: () => get<SelfView>('self'),
  overview: (signal?: Abort) => get<OverviewView>('overview', {}, signal),
  exported: () => get<{ apps: readonly unknown[] }>('export'),

  apps: () => get<{ apps: readonly AppView[] }>('apps'),
  addApp: (input: AppInput) => post<AppView>('apps', input),
  changeApp: (app: string, changes: Partial<AppSettings>) => put<AppView>(ofApp(app), changes),
  removeApp: (app: string) => remove<unknown>(ofApp(app)),
  secrets: (app: string) => post<{ pairs: readonly KeyPairView[] }>(ofApp(app, 'secrets')),
  addKey: (app: string, pair: { key?: string; secret?: string }) =>
    post<KeyPairView>(ofApp(app, 'keys'), pair),
  makeKeyFirst: (app: string, key: string) => post<AppView>(ofApp(app, 'keys', key, 'first')),
  removeKey: (app: string, key: string) => remove<AppView>(ofApp(app, 'keys', key)),

  addEndpoint: (app: string, input: EndpointInput) => post<EndpointView>(ofApp(app, 'endpoints'), input),
  changeEndpoint: (app: string, endpoint: string, input: EndpointInput) =>
    put<EndpointView>(ofEndpoint(app, endpoint), input),
  removeEndpoint: (app: string, endpoint: string) => remove<unknown>(ofEndpoint(app, endpoint)),
  pause: (app: string, endpoint: string, how: PauseView['how']) =>
    post<EndpointView>(ofEndpoint(app, endpoint, 'pause'), { how }),
  resume: (app: string, endpoint: string) => post<EndpointView>(ofEndpoint(app, endpoint, 'resume')),
  test: (app: string, endpoint: string, event: EventName) =>
    post<TestView>(ofEndpoint(app, endpoint, 'test'), { event }),
  reconcile: (app: string, endpoint: string) =>
    post<{ channels: number }>(ofEndpoint(app, endpoint, 'reconcile')),
  truth: (app: string, endpoint: string, signal?: Abort) =>
    get<TruthView>(ofEndpoint(app, endpoint, 'truth'), {}, signal),
  lanes: (app: string, endpoint: string, signal?: Abort) =>
    get<LanesView>(ofEndpoint(app, endpoint, 'lanes'), {}, signal),

  deliveries: (app: string, window: Window, signal?: Abort) =>
    get<PageOf<DeliveryView>>(ofApp(app, 'deliveries'), { ...window }, signal),
  delivery: (app: string, id: string, signal?: Abort) =>
    get<DeliveryDetail>(ofApp(app, 'deliveries', id), {}, signal),
  resend: (app: string, id: string) => post<AttemptView>(ofApp(app, 'deliveries', id, 'resend')),
  dropped: (app: string, filter: DroppedFilter, signal?: Abort) =>
    get<DroppedPage>(ofApp(app, 'dropped'), { ...filter }, signal),
  recover: (app: string, plan: RecoverPlan) => post<RecoverStart>(ofApp(app, 'recover'), plan),
  recovery: (app: string, id: string, signal?: Abort) => get<Recovery>(ofApp(app, 'recover', id), {}, signal),
  cancelRecovery: (app: string, id: string) => remove<Recovery>(ofApp(app, 'recover', id)),
  events: (app: string, window: Window, signal?: Abort) =>
    get<PageOf<EventView>>(ofApp(app, 'events'), { ...window }, signal),
  verify: (app: string, input: { body: string; signature: string; key?: string }) =>
    post<VerifyView>(ofApp(app, 'verify'), input),

  channels: (app: string, list: { prefix?: string; after?: string; limit?: number }, signal?: Abort) =>
    get<ChannelPage>(ofApp(app, 'channels'), { ...list }, signal),
  channel: (app: string, channel: string, signal?: Abort) =>
    get<ChannelDetail>(ofApp(app, 'channels', channel), {}, signal),
  timeline: (app: string, channel: string, signal?: Abort) =>
    get<TimelineView>(ofApp(app, 'channels', channel, 'timeline'), {}, signal),
  connections: (app: string, signal?: Abort) =>
    get<{ connections: readonly ConnectionView[]; total: number }>(ofApp(app, 'connections'), {}, signal),
  closeConnection: (app: string, socket: string) => post<unknown>(ofApp(app, 'connections', socket, 'close')),
  terminateUser: (app: string, user: string) => post<unknown>(ofApp(app, 'users', user, 'terminate')),
  publish: (app: string, events: readonly PublishedEvent[]) =>
    post<{ published: number }>(ofApp(app, 'publish'), { events }),
  clientEvent: (app: string, event: ClientEventInput) => post<unknown>(ofApp(app, 'client-events'), event),
  console: ({ types, ...rest }: ConsoleQuery, signal?: Abort) =>
    get<ConsoleRows>('console', { ...rest, types: types?.join(',') }, signal),

  /** The control API of a server that a test controls, such as `control('POST', 'clock/advance', { ms })`. */
  control: <Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
    send<Answer>({ method, path: `api/control/${path}`, body }),
};
