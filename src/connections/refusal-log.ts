import type { Clock } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Refusal, Refusals } from '../ports/refusals.ts';
import { loggedError, type ProtocolError } from '../protocol/errors.ts';
import type { RefusalKind } from '../protocol/refusals.ts';
import { Sampler } from '../structures/sampler.ts';
import type { Session } from '../apps/session.ts';

/** The dependencies of the log of refusals. */
export interface RefusalLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'refused'>;
  /** Whether the app exists: only existing apps are counted by their id. */
  readonly isApp: (appId: string) => boolean;
}

interface Refused {
  readonly refusal: Refusal;
  readonly times: number;
}

const messages: Readonly<Record<RefusalKind, string>> = {
  connection: 'connection refused',
  subscription: 'subscription refused',
  signin: 'sign-in refused',
  client_event: 'client event refused',
  message: 'message refused',
  request: 'request refused',
};

/**
 * Counts every refusal, and logs those of one kind, reason and app at most once a second: the first immediately, the others as
 * one line with their number and the details of the last one.
 */
export class RefusalLog implements Refusals {
  readonly #options: RefusalLogOptions;
  readonly #sampler: Sampler<Refused>;

  constructor(options: RefusalLogOptions) {
    this.#options = options;
    this.#sampler = new Sampler(options.clock, (refused) => this.#write(refused));
  }

  readonly refused = (refusal: Refusal): void => {
    const { kind, reason, isLogged = false } = refusal;
    const appId = this.#options.isApp(refusal.appId) ? refusal.appId : '';
    this.#options.metrics.refused(appId, kind, reason);
    if (isLogged) return;
    this.#sampler.add(`${kind} ${reason} ${appId}`, (unreported) => ({
      refusal,
      times: (unreported?.times ?? 0) + 1,
    }));
  };

  /** Logs what is still unreported. */
  close(): void {
    this.#sampler.close();
  }

  #write({ refusal: { kind, reason, fields }, times }: Refused): void {
    this.#options.log.info({ reason, ...fields, ...(times > 1 && { times }) }, messages[kind]);
  }
}

/**
 * A refusal of something that a connection requested. `subject` is what it concerns, such as a channel. The fields are built on
 * demand, because only a few refusals of a flood are logged.
 */
export function describeRefusal(
  { app, socketId }: Session,
  kind: RefusalKind,
  error: ProtocolError,
  subject: LogFields = {},
): Refusal {
  const appId = app.config.id;
  return {
    kind,
    reason: error.reason,
    appId,
    get fields() {
      return { appId, socketId, ...subject, ...loggedError(error) };
    },
  };
}
