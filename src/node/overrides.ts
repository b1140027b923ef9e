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

/** What may be put in the place of the real thing. */
export interface ServerOverrides {
  readonly clock?: Clock;
  readonly livenessClock?: Clock;
  readonly wallTime?: WallTime;
  readonly random?: Random;
  readonly ids?: Ids;
  readonly sender?: WebhookSender;
  readonly log?: Log;
  /** Records what happens, for whoever controls the server. */
  readonly recorder?: Recorder;
  /** Is told what the recorder is told, after it. */
  readonly witness?: Witness;
  /** Receives delivery facts. */
  readonly onFact?: DeliverySubscriber;
  /** Is told of each refusal. */
  readonly refused?: ((refusal: Refusal) => void) | undefined;
  /** The files of the process, if it is the server's alone: then clients cannot take those that webhooks need. */
  readonly openFiles?: OpenFiles | undefined;
  /** Whether `/metrics` may be as old as a second. Default: true. */
  readonly cachesMetrics?: boolean;
  /** The environment, which says whether what is set at run time must be fit for production. Default: the process's. */
  readonly env?: Env;
  /** The name of the configuration file, for whoever is told to change something there. */
  readonly fileName?: string | undefined;
  /** What a test can do to the server, for its Dashboard. */
  readonly controls?: DashboardControls;
  /** A worker thread has ended by itself. Does not return. Default: throws. */
  readonly workerFailed?: (worker: number, reason: string) => never;
  /** Stands between the network and the use cases. */
  readonly front?: (inside: Inside) => Front;
}

/** What a test can do to the server, for its Dashboard. */
export type DashboardControls = NonNullable<DashboardOptions['controls']>;

/** What the network is served with. */
export interface Front {
  readonly commands: SocketCommands<Session>;
  readonly routes: readonly Route[];
}

/** The inside of a server, for what stands in front of it. */
export interface Inside extends Front {
  readonly apps: LocalApps;
  readonly hub: Pick<Hub, 'end' | 'endAll' | 'endAllNow'>;
  readonly ledger: ChannelQueries;
  readonly backplane: Pick<Backplane, 'forget' | 'readQueues'>;
}
