import { randomBytes } from 'node:crypto';
import type { AdminParts } from '../admin/operations.ts';
import { readOverview } from '../admin/overview.ts';
import type { SelfView, ClockView } from '../views/server.ts';
import type { DeadLetterOffice } from '../delivery-log/dead-letter-office.ts';
import type { ClientConnections } from '../connections/client-connections.ts';
import type { LocalApps } from '../apps/local-app.ts';
import { Publisher, type PublisherOptions } from '../http-api/publisher.ts';
import { TestSender, type TestSenderOptions } from '../dispatch/test-sender.ts';
import type { DashboardConfig } from '../config/schema/dashboard.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import { RunTimeSettings } from '../configuration/run-time-settings.ts';
import type { Clock, WallTime } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { FreshNames } from '../ports/fresh-names.ts';
import type { Log } from '../ports/log.ts';
import { readLastAttempts } from '../recording/last-attempts.ts';
import { History } from '../recording/history.ts';
import type { Grace } from '../recording/spans.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { Route } from '../transport/http.ts';
import { createAccess } from './access.ts';
import { createDataRoutes, type Controls } from './data-routes.ts';
import type { Observation } from './observation.ts';
import { createPageRoutes } from './page-routes.ts';
import { createStaticFiles } from './static-files.ts';

/** What the Dashboard asks of the node: its state, and its deliveries. */
interface NodeState extends Pick<AdminParts, 'webhookState' | 'target' | 'truth' | 'lanes' | 'reconcile'> {
  readonly letters: DeadLetterOffice;
  describe: AdminParts['nodeHealth'];
  describeStore: AdminParts['storeHealth'];
}

/** Everything that the Dashboard shows and changes. */
export interface DashboardOptions extends PublisherOptions, TestSenderOptions {
  readonly config: DashboardConfig;
  readonly observation: Observation;
  readonly configuration: ConfigurationInForce;
  readonly backplane: NodeState;
  readonly ledger: Ledger;
  readonly apps: LocalApps;
  readonly connections: ClientConnections;
  readonly questions: TurnBudget;
  readonly names: FreshNames;
  readonly log: Log;
  readonly wallTime: WallTime;
  readonly grace: Grace;
  readonly version: string;
  readonly isProduction: boolean;
  /** Real time, even if a test moves the clock of the server. */
  readonly realClock: Clock;
  readonly address: () => SelfView['address'];
  readonly attemptsUnderWay: () => number;
  readonly isAccepting: () => boolean;
  /** The control API, on a server that a test controls. */
  readonly controls?: (Controls & { readonly clock: () => ClockView }) | undefined;
}

/** The routes of the Dashboard and of the admin API. */
export function createDashboard(options: DashboardOptions): readonly Route[] {
  const { config, isProduction, realClock, log, observation, controls } = options;
  options.configuration.onChange(() => {
    observation.keyUses.keepOnly(new Set(options.configuration.current.apps.map(({ id }) => id)));
  });
  const access = createAccess({ config, isProduction, clock: realClock, randomBytes });
  return [
    ...createPageRoutes({ access, files: createStaticFiles() }),
    ...createDataRoutes({
      access,
      parts: partsOf(options),
      log,
      controls,
      changed: (appId, text) => observation.changed(appId, text),
    }),
  ];
}

function partsOf(options: DashboardOptions): AdminParts {
  const { config, observation, configuration, backplane, wallTime, names, controls, realClock } = options;
  const { recorder, feed, samples, refusals, keyUses } = observation;
  const { letters } = backplane;
  const queues = () => backplane.webhookState().queues;
  const overview = {
    apps: options.apps,
    connections: options.connections,
    wallTime,
    samples,
    refusals,
    queues,
    attemptsUnderWay: options.attemptsUnderWay,
    isAccepting: options.isAccepting,
    nodeHealth: () => backplane.describe(),
    storeHealth: () => backplane.describeStore(),
  };
  return {
    ...overview,
    ...options,
    letters,
    configuration,
    recorder,
    feed,
    keyUses,
    startedAtMs: wallTime.now(),
    showsPayloads: config.payloads,
    hasToken: config.token !== undefined,
    controlledClock: controls?.clock,
    webhookState: () => backplane.webhookState(),
    settings: new RunTimeSettings({ configuration, names, wallTime }),
    lastAttempts: () => readLastAttempts(recorder),
    testSender: new TestSender(options),
    target: (appId, endpointId) => backplane.target(appId, endpointId),
    truth: (appId, endpointId) => backplane.truth(appId, endpointId),
    lanes: (appId, endpointId) => backplane.lanes(appId, endpointId),
    reconcile: (appId, endpointId) => backplane.reconcile(appId, endpointId),
    history: new History({ recorder, budget: options.questions }),
    publisher: new Publisher(options),
    live: {
      feed,
      clock: realClock,
      overview: () => readOverview(overview, false),
      onSettings: (listener) => configuration.onChange(listener),
    },
  };
}
