import type { Clock } from '../ports/clock.ts';
import type { Log, LogFields } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Refusal, Refusals } from '../ports/refusals.ts';
import { loggedError, type ProtocolError } from '../protocol/errors.ts';
import type { RefusalKind } from '../protocol/refusals.ts';
import { Sampler } from '../structures/sampler.ts';
import type { Session } from './session.ts';

/** What the log of refusals is made with. */
export interface RefusalLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'refused'>;
  /** Whether there is such an app: only those are counted by their id. */
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
 * Counts every refusal, and logs those of one kind, reason and app at most once a second: the first at once, the
 * others as one line with how many there were, which describes the last of them.
 */
export class RefusalLog implements Refusals {
  readonly #options: RefusalLogOptions;
  readonly #sampler: Sampler<Refused>;

  constructor(options: RefusalLogOptions) {
    this.#options = options;
    this.#sampler = new Sampler(options.clock, (refused) => this.#say(refused));
  }

  readonly refused = (refusal: Refusal): void => {
    const { kind, reason, isLogged = false } = refusal;
    const appId = this.#options.isApp(refusal.appId) ? refusal.appId : '';
    this.#options.metrics.refused(appId, kind, reason);
    if (isLogged) return;
    this.#sampler.add(`${kind} ${reason} ${appId}`, (unsaid) => ({
      refusal,
      times: (unsaid?.times ?? 0) + 1,
    }));
  };

  /** Says what is still unsaid. */
  close(): void {
    this.#sampler.close();
  }

  #say({ refusal: { kind, reason, fields }, times }: Refused): void {
    this.#options.log.info({ reason, ...fields, ...(times > 1 && { times }) }, messages[kind]);
  }
}

/**
 * What was refused to a connection; `subject` is what it was about, such as a channel. The fields are made when they are
 * read: of a flood of refusals few are logged.
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
