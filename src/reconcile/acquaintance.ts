import type { WallTime } from '../ports/clock.ts';
import type { Application } from '../apps/application.ts';
import type { ResentFact } from '../delivery-log/resender.ts';
import { timeOf } from './truth-sentences.ts';

interface Known {
  url: string;
  /** Time of day; undefined if it has not changed since the process started. */
  urlChangedAtMs: number | undefined;
  /** The number of deliveries that were resent on demand and accepted. */
  resent: number;
}

/**
 * Changes of endpoints whose effect on their state is unknown: an endpoint got another URL, or accepted old deliveries once
 * more.
 */
export class Acquaintance {
  readonly #wallTime: WallTime;
  /** By app and endpoint. */
  readonly #endpoints = new Map<string, Known>();

  constructor(wallTime: WallTime, applications: readonly Pick<Application, 'id' | 'endpoints'>[]) {
    this.#wallTime = wallTime;
    this.replace(applications);
  }

  /** From now on, these endpoints are served. */
  replace(applications: readonly Pick<Application, 'id' | 'endpoints'>[]): void {
    const gone = new Set(this.#endpoints.keys());
    for (const app of applications) {
      for (const { id, url } of app.endpoints) {
        const key = keyOf(app.id, id);
        gone.delete(key);
        const known = this.#endpoints.get(key);
        if (known === undefined) this.#endpoints.set(key, { url, urlChangedAtMs: undefined, resent: 0 });
        else if (known.url !== url) {
          known.url = url;
          known.urlChangedAtMs = this.#wallTime.now();
        }
      }
    }
    for (const key of gone) this.#endpoints.delete(key);
  }

  /** A delivery was resent on demand. */
  readonly resent = ({ request, attempt }: ResentFact): void => {
    const known = this.#endpoints.get(keyOf(request.appId, request.endpointId));
    if (known !== undefined && attempt.result === 'success') known.resent += 1;
  };

  /** What is unknown for these reasons, one sentence each. */
  limitsOf(appId: string, endpointId: string): readonly string[] {
    const known = this.#endpoints.get(keyOf(appId, endpointId));
    if (known === undefined) return [];
    const { urlChangedAtMs, resent } = known;
    const limits: string[] = [];
    if (urlChangedAtMs !== undefined) {
      const at = timeOf(urlChangedAtMs, this.#wallTime.now());
      limits.push(
        `Its URL was changed at ${at}: what the previous address accepted is assumed to be known at the new one.`,
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
}

function keyOf(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
