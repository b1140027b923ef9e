import type { Hub } from '../connections/hub.ts';
import type { LocalApps } from '../apps/local-app.ts';
import type { Session } from '../apps/session.ts';
import type { Backplane } from './backplane.ts';
import type { Env } from '../config/environment.ts';
import type { DashboardOptions } from '../dashboard/create.ts';
import type { ChannelQueries } from '../ports/channel-queries.ts';
import type { Clock, WallTime } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import type { Refusal } from '../ports/refusals.ts';
import type { Random } from '../ports/random.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import type { Witness } from '../ports/witness.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { OpenFiles } from '../system/open-files.ts';
import type { Route } from '../transport/http.ts';
import type { SocketCommands } from '../transport/sockets.ts';
import type { DeliverySubscriber } from '../webhooks/delivery-facts.ts';

/** Replacements and additions that tests, the emulator and the Dashboard need. */
export interface ServerOverrides {
  readonly clock?: Clock;
  readonly livenessClock?: Clock;
  readonly wallTime?: WallTime;
  readonly random?: Random;
  readonly ids?: Ids;
  readonly sender?: WebhookSender;
  readonly log?: Log;
  /** Records what happens, for the emulator and the Dashboard. */
  readonly recorder?: Recorder;
  /** Observes the same as the recorder, after it. */
  readonly witness?: Witness;
  /** Receives delivery facts. */
  readonly onFact?: DeliverySubscriber;
  /** Called for each refusal. */
  readonly refused?: ((refusal: Refusal) => void) | undefined;
  /** The open files of the process, if only the server uses it: then clients cannot take those that webhooks need. */
  readonly openFiles?: OpenFiles | undefined;
  /** Whether `/metrics` may be up to one second old. Default: true. */
  readonly cachesMetrics?: boolean;
  /** The environment. It decides whether changes at run time must meet the rules for production. Default: that of the process. */
  readonly env?: Env;
  /** The name of the configuration file, for messages that ask for a change in it. */
  readonly fileName?: string | undefined;
  /** The controls that a test has over the server, for its Dashboard. */
  readonly controls?: DashboardControls;
  /** Called when a worker thread has ended unexpectedly. Must not return. Default: throws. */
  readonly workerFailed?: (worker: number, reason: string) => never;
  /** Wraps what the network is served with. */
  readonly front?: (inside: Inside) => Front;
}

/** The controls that a test has over the server, for its Dashboard. */
export type DashboardControls = NonNullable<DashboardOptions['controls']>;

/** What the network is served with. */
export interface Front {
  readonly commands: SocketCommands<Session>;
  readonly routes: readonly Route[];
}

/** The parts of a server that a wrapping front needs. */
export interface Inside extends Front {
  readonly apps: LocalApps;
  readonly hub: Pick<Hub, 'end' | 'endAll' | 'endAllNow'>;
  readonly ledger: ChannelQueries;
  readonly backplane: Pick<Backplane, 'forget' | 'readQueues'>;
}
