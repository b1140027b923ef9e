import { computed, effect, signal } from '@preact/signals';
import type { ClockView, SelfView } from '../../views/server.ts';
import type { AppView } from '../../views/settings.ts';
import { api, session, type SessionView } from './api.ts';
import { asRequestError, changesRefused, loginsRequired, type RequestError } from './http.ts';
import { followAddress } from './router.ts';
import { decode } from './route-text.ts';

/** The state of the page as a whole. */
export type Standing =
  | { readonly state: 'starting' }
  | {
      readonly state: 'login';
      readonly error?: RequestError;
      /** The session that ended. The page stays behind the login, so that its forms are not lost. */
      readonly ended?: SessionView | undefined;
    }
  | { readonly state: 'failed'; readonly error: RequestError }
  | ({ readonly state: 'open' } & SessionView);

/** Whether the page is open, and with which role. */
export const standing = signal<Standing>({ state: 'starting' });

/** The server, as it was loaded last. */
export const self = signal<SelfView | undefined>(undefined);

/** All apps, as they were loaded last. */
export const apps = signal<readonly AppView[]>([]);

/** Why the last reload of the server and its apps failed. */
export const appsError = signal<RequestError | undefined>(undefined);

/** Whether the role allows changes. */
export const mayChange = computed(() => sessionOf(standing.value)?.role === 'full');

/** Follows facts that a node knows only of itself. Empty on a single server. */
export const onThisNode = computed(() => (self.value?.kept === 'redis' ? ' on this node' : ''));

/** The app with this id. */
export function appWithId(id: string | undefined): AppView | undefined {
  return apps.value.find((app) => app.id === id);
}

/** Starts the page: takes a token from the fragment, reads the session, and loads what every page needs. */
export async function start(): Promise<void> {
  const token = takeToken();
  // This listener must run before the router's, which then sees an address without the token.
  addEventListener('hashchange', () => {
    const newToken = takeToken();
    if (newToken !== undefined) void login(newToken);
  });
  followAddress();
  effect(() => {
    const current = standing.peek();
    if (loginsRequired.value > 0 && current.state === 'open')
      standing.value = { state: 'login', ended: current };
  });
  effect(() => {
    if (changesRefused.value > 0) void refresh();
  });
  await (token === undefined ? enter(session.read) : login(token));
}

/** Starts again after the server did not respond. */
export async function retry(): Promise<void> {
  standing.value = { state: 'starting' };
  await enter(session.read);
}

/** Logs in with a token. */
export function login(token: string): Promise<void> {
  return enter(async () => ({ ...(await session.login(token)), needsLogin: true }));
}

/** Ends the session. */
export async function logout(): Promise<void> {
  await session.logout();
  standing.value = { state: 'login' };
}

let lastTurn = 0;
let shownTurn = 0;

/** Reloads the server, its apps and the role, which a login in another tab changes. Of several reloads at once the one that began last counts. */
export async function refresh(): Promise<void> {
  lastTurn += 1;
  const turn = lastTurn;
  try {
    const [server, list, view] = await Promise.all([api.self(), api.apps(), session.read()]);
    if (turn < shownTurn) return;
    shownTurn = turn;
    self.value = server;
    apps.value = list.apps;
    appsError.value = undefined;
    if (standing.peek().state === 'open') standing.value = { state: 'open', ...view };
  } catch (error) {
    if (turn > shownTurn) appsError.value = asRequestError(error);
  }
}

/** Reloads only the clock of a server that a test controls. If that fails, everything is reloaded, because it may be another server. */
export async function refreshClock(): Promise<void> {
  const turn = lastTurn;
  try {
    const clock = await api.control<ClockView>('GET', 'clock');
    // A reload that began meanwhile is newer.
    if (turn === lastTurn && self.value !== undefined) self.value = { ...self.value, clock };
  } catch {
    await refresh();
  }
}

async function enter(readSession: () => Promise<SessionView>): Promise<void> {
  try {
    const view = await readSession();
    await refresh();
    if (self.value === undefined) throw appsError.value;
    standing.value = { state: 'open', ...view };
  } catch (error) {
    standing.value = refusal(asRequestError(error));
  }
}

/** The session that is open, or that ended while the page stays behind the login. */
function sessionOf(current: Standing): SessionView | undefined {
  if (current.state === 'login') return current.ended;
  return current.state === 'open' ? current : undefined;
}

function refusal(error: RequestError): Standing {
  const ended = sessionOf(standing.peek());
  if (ended !== undefined) return { state: 'login', error, ended };
  // The first request is made without a session, so its refusal is not an error to show.
  if (error.status === 401 && standing.peek().state === 'starting' && error.code !== 'token')
    return { state: 'login' };
  if (error.status === 401 || error.status === 403 || error.status === 429) return { state: 'login', error };
  return { state: 'failed', error };
}

/**
 * Takes the token from the fragment of the address that the server logs at startup, and removes it there immediately.
 * A browser never sends the fragment to a server.
 */
function takeToken(): string | undefined {
  const match = /^#token=(.+)$/.exec(location.hash);
  if (match?.[1] === undefined) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return decode(match[1]);
}
