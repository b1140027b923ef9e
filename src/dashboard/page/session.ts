import { computed, effect, signal } from '@preact/signals';
import type { SelfView } from '../../views/server.ts';
import type { AppView } from '../../views/settings.ts';
import { api, session, type SessionView } from './api.ts';
import { asRequestError, loginsAsked, type RequestError } from './http.ts';
import { followAddress } from './router.ts';

/** How far the page is. */
export type Standing =
  | { readonly state: 'starting' }
  | { readonly state: 'login'; readonly error?: RequestError }
  | { readonly state: 'failed'; readonly error: RequestError }
  | ({ readonly state: 'open' } & SessionView);

/** Whether the page may be seen, and what for. */
export const standing = signal<Standing>({ state: 'starting' });

/** The server, as it was read last. */
export const self = signal<SelfView | undefined>(undefined);

/** All apps, as they were read last. */
export const apps = signal<readonly AppView[]>([]);

/** Why the apps could not be read again. */
export const appsError = signal<RequestError | undefined>(undefined);

/** Whether settings may be changed. */
export const mayChange = computed(() => standing.value.state === 'open' && standing.value.role === 'full');

/** The app with this id. */
export function appWithId(id: string | undefined): AppView | undefined {
  return apps.value.find((app) => app.id === id);
}

/** Begins: takes a token from the fragment, asks who we are, and reads what every page needs. */
export async function start(): Promise<void> {
  const token = takeToken();
  // Before the router, which then sees an address without the token.
  addEventListener('hashchange', () => {
    const another = takeToken();
    if (another !== undefined) void login(another);
  });
  followAddress();
  effect(() => {
    if (loginsAsked.value > 0 && standing.peek().state === 'open') standing.value = { state: 'login' };
  });
  await (token === undefined ? enter(session.read) : login(token));
}

/** Begins again after the server did not answer. */
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

/** Reads the server and its apps again. */
export async function refresh(): Promise<void> {
  try {
    const [server, list] = await Promise.all([api.self(), api.apps()]);
    self.value = server;
    apps.value = list.apps;
    appsError.value = undefined;
  } catch (error) {
    appsError.value = asRequestError(error);
  }
}

async function enter(ask: () => Promise<SessionView>): Promise<void> {
  try {
    const view = await ask();
    await refresh();
    if (self.value === undefined) throw appsError.value;
    standing.value = { state: 'open', ...view };
  } catch (error) {
    standing.value = refusal(asRequestError(error));
  }
}

function refusal(error: RequestError): Standing {
  // The first question without a session is no fault of anybody's.
  if (error.status === 401 && standing.peek().state === 'starting' && error.code !== 'token')
    return { state: 'login' };
  if (error.status === 401 || error.status === 403 || error.status === 429) return { state: 'login', error };
  return { state: 'failed', error };
}

/** The start prints an address with the token in its fragment, which is never sent. It goes from the address at once. */
function takeToken(): string | undefined {
  const match = /^#token=([^&]+)/.exec(location.hash);
  if (match?.[1] === undefined) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return decodeURIComponent(match[1]);
}
