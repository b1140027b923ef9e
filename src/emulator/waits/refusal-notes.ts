import type { Refusal } from '../../ports/refusals.ts';
import type { LogFields } from '../../ports/log.ts';
import { clip } from '../../protocol/clip.ts';
import type { RefusalKind } from '../../protocol/refusals.ts';

/** The maximum number of different refusals that are noted. */
const mostNoted = 100;

interface Note {
  readonly appId: string;
  readonly refusal: Pick<Refusal, 'kind' | 'reason'>;
  /** Of the last one. */
  fields: LogFields;
  times: number;
}

const nouns: Partial<Readonly<Record<RefusalKind, string>>> = {
  connection: 'connection',
  subscription: 'subscription',
  signin: 'sign-in',
  client_event: 'client event',
};

/** The refusals that clients and backends received since the last reset, to explain why an expected event did not happen. */
export class RefusalNotes {
  readonly #notes = new Map<string, Note>();

  /** Notes a refusal of a client, or of a request to the HTTP API. Equal ones are counted. */
  add({ kind, reason, appId, fields }: Refusal): void {
    if (kind === 'request' ? !isOfApi(fields) : nouns[kind] === undefined) return;
    const key = `${kind} ${reason} ${appId}`;
    const note = this.#notes.get(key);
    if (note !== undefined) {
      note.fields = fields;
      note.times += 1;
    } else if (this.#notes.size < mostNoted) {
      this.#notes.set(key, { appId, refusal: { kind, reason }, fields, times: 1 });
    }
  }

  /** Removes the refusals of one app, or all of them. */
  clear(appId?: string): void {
    for (const [key, note] of this.#notes) {
      if (appId === undefined || note.appId === appId) this.#notes.delete(key);
    }
  }

  /**
   * Returns one sentence for each kind of refusal of a client, with what to do. Refusals without an app, because no app has the key,
   * are described for every app.
   *
   * @param appId only refusals of this app; undefined: of all apps
   * @param keys the keys that the apps have
   */
  describe(appId: string | undefined, keys: readonly string[]): readonly string[] {
    return [...this.#notes.values()]
      .filter(({ refusal }) => refusal.kind !== 'request')
      .filter((note) => appId === undefined || note.appId === '' || note.appId === appId)
      .map((note) => describeNote(note, keys));
  }

  /**
   * Returns one sentence for each kind of refused request to the HTTP API. A request for an app that does not exist is described for
   * every app.
   *
   * @param appId only requests to this app; undefined: to all apps
   * @param isApp whether there is an app with this id
   */
  describeRequests(appId: string | undefined, isApp: (appId: string) => boolean): readonly string[] {
    return [...this.#notes.values()]
      .filter(({ refusal }) => refusal.kind === 'request')
      .filter((note) => appId === undefined || note.appId === appId || !isApp(note.appId))
      .map(describeRequest);
  }
}

/** Whether a request was one of a backend. Requests to the control API and the Dashboard are not. */
function isOfApi({ route }: LogFields): boolean {
  return typeof route === 'string' && route.startsWith('/apps/');
}

function describeRequest({ appId, fields, times }: Note): string {
  const { method, route, status, error } = fields;
  const head = times === 1 ? '1 request was refused' : `${times} requests were refused, the last one`;
  const path = String(route).replace(':app', clip(appId));
  return `${head}: ${String(method)} ${path} was answered ${String(status)}: ${String(error)}`;
}

function describeNote({ refusal, fields, times }: Note, keys: readonly string[]): string {
  const noun = nouns[refusal.kind] ?? refusal.kind;
  const head = times === 1 ? `1 ${noun} was refused` : `${times} ${noun}s were refused, the last one because`;
  return `${head}: ${reasonOf(refusal, fields, keys)}`;
}

function reasonOf(
  { kind, reason }: Pick<Refusal, 'kind' | 'reason'>,
  { channel, key, error }: LogFields,
  keys: readonly string[],
): string {
  if (reason === 'unknown_key') {
    return `no app has the key '${String(key)}'. The keys are ${keys.join(', ')}: connect with soketify.key and soketify.clientOptions().`;
  }
  const subject = typeof channel === 'string' ? ` for ${channel}` : '';
  if (reason === 'wrong_signature') {
    return `invalid signature${subject}. Does the backend use the secret of this app? serverOptions() and env() contain it.`;
  }
  if (reason === 'wrong_key') {
    return `the key in the auth data${subject} is not that of this app. Does the backend use serverOptions() or env()?`;
  }
  if (reason === 'missing_auth' && kind === 'subscription') {
    return `no auth data${subject}. Does the client have a channelAuthorization?`;
  }
  return `${String(error)}${subject}`;
}
