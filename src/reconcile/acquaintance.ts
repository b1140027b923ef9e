import type { WallTime } from '../ports/clock.ts';
import type { EndpointHistory, HistoryKeeper } from '../ports/endpoint-history.ts';
import type { Application } from '../apps/application.ts';
import type { ResentFact } from '../delivery-log/resender.ts';
import { timeOf } from './truth-sentences.ts';

interface Known {
  readonly appId: string;
  readonly endpointId: string;
  readonly history: EndpointHistory;
}

type Applications = readonly Pick<Application, 'id' | 'endpoints'>[];

/**
 * Changes of endpoints whose effect on their state is unknown: an endpoint got another URL, or accepted old deliveries once
 * more.
 */
export class Acquaintance {
  readonly #wallTime: WallTime;
  readonly #keeper: HistoryKeeper | undefined;
  /** By app and endpoint. */
  readonly #endpoints = new Map<string, Known>();
  /** Endpoints of an earlier run whose apps are not configured. */
  readonly #absent = new Map<string, Known>();
  /** Nothing is stored before the earlier run is known. */
  #isStoring = false;

  constructor(wallTime: WallTime, applications: Applications, keeper?: HistoryKeeper) {
    this.#wallTime = wallTime;
    this.#keeper = keeper;
    this.replace(applications);
  }

  /**
   * Continues an earlier run with its histories, except those of `forgotten` apps. Call it once, before anything else happens
   * to an endpoint.
   */
  restore(
    histories: Iterable<readonly [appId: string, endpointId: string, history: EndpointHistory]>,
    isConfigured: (appId: string) => boolean,
    forgotten: readonly string[],
  ): void {
    this.#isStoring = true;
    for (const { appId, endpointId, history } of this.#endpoints.values()) {
      this.#set(appId, endpointId, history);
    }
    for (const [appId, endpointId, history] of histories) {
      const key = keyOf(appId, endpointId);
      const current = this.#endpoints.get(key)?.history;
      if (current !== undefined) this.#set(appId, endpointId, this.#continued(history, current.url, true));
      else if (isConfigured(appId) || forgotten.includes(appId)) this.#keeper?.remove(appId, endpointId);
      else this.#absent.set(key, { appId, endpointId, history });
    }
  }

  /** From now on, these endpoints are served. */
  replace(applications: Applications): void {
    const gone = new Map(this.#endpoints);
    for (const app of applications) {
      for (const { id, url } of app.endpoints) {
        const key = keyOf(app.id, id);
        gone.delete(key);
        const known = this.#endpoints.get(key);
        const history = (known ?? this.#absent.get(key))?.history;
        this.#absent.delete(key);
        const next = history === undefined ? { url, resent: 0 } : this.#continued(history, url);
        if (next !== known?.history) this.#set(app.id, id, next);
      }
    }
    for (const [key, { appId, endpointId }] of gone) {
      this.#endpoints.delete(key);
      this.#keeper?.remove(appId, endpointId);
    }
    const apps = new Set(applications.map(({ id }) => id));
    for (const [key, { appId, endpointId }] of this.#absent) {
      // The app is configured again without this endpoint.
      if (!apps.has(appId)) continue;
      this.#absent.delete(key);
      this.#keeper?.remove(appId, endpointId);
    }
  }

  /** The state of the app begins afresh. */
  forget(appId: string): void {
    for (const known of this.#endpoints.values()) {
      if (known.appId === appId) this.#set(appId, known.endpointId, { url: known.history.url, resent: 0 });
    }
  }

  /** A delivery was resent on demand. */
  readonly resent = ({ request: { appId, endpointId }, attempt }: ResentFact): void => {
    const history = this.#endpoints.get(keyOf(appId, endpointId))?.history;
    if (history === undefined || attempt.result !== 'success') return;
    this.#set(appId, endpointId, { ...history, resent: history.resent + 1 });
  };

  /** What is unknown for these reasons, one sentence each. */
  limitsOf(appId: string, endpointId: string): readonly string[] {
    const history = this.#endpoints.get(keyOf(appId, endpointId))?.history;
    if (history === undefined) return [];
    const { urlChangedAtMs, changedWhileDown, resent } = history;
    const limits: string[] = [];
    if (urlChangedAtMs !== undefined) {
      const time = timeOf(urlChangedAtMs, this.#wallTime.now());
      const when =
        changedWhileDown === true ? `while the server was down, before its start at ${time}` : `at ${time}`;
      limits.push(
        `Its URL was changed ${when}: what the previous address accepted is assumed to be known at the new one.`,
      );
    }
    if (resent > 0) {
      const count = resent === 1 ? '1 delivery was' : `${resent} deliveries were`;
      limits.push(
        `${count} resent on demand and accepted: what that changed at the endpoint is not taken into account.`,
      );
    }
    return limits;
  }

  /** The history of an endpoint that has this URL now. */
  #continued(earlier: EndpointHistory, url: string, isStart = false): EndpointHistory {
    if (earlier.url === url) return earlier;
    const changed = { url, urlChangedAtMs: this.#wallTime.now(), resent: earlier.resent };
    return isStart ? { ...changed, changedWhileDown: true } : changed;
  }

  #set(appId: string, endpointId: string, history: EndpointHistory): void {
    this.#endpoints.set(keyOf(appId, endpointId), { appId, endpointId, history });
    if (this.#isStoring) this.#keeper?.put(appId, endpointId, history);
  }
}

function keyOf(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
