import type { Application } from '../apps/application.ts';
import { Reconciler } from '../reconcile/reconciler.ts';
import type { CheckOptions } from '../reconcile/checks.ts';
import type { RedisDispatch } from '../store/redis/deliveries/dispatch.ts';
import type { ReportedBefore } from '../store/redis/deliveries/earlier-state.ts';
import type { OwedDebt } from '../store/redis/deliveries/debts.ts';
import { partitionOf } from '../store/redis/keys.ts';
import type { Cancel, Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { DebtKeeper } from '../webhooks/debt-keeper.ts';
import { ignoringSelected, type DeliverySubscriber } from '../webhooks/delivery-facts.ts';
import type { DispatchingOptions } from './dispatching.ts';

/** The dependencies of a node's share in reconciling endpoints. */
export interface ReconcilingOptions extends Pick<
  DispatchingOptions,
  'clock' | 'wallTime' | 'questions' | 'ledger' | 'drops' | 'partitions'
> {
  readonly applications: () => readonly Application[];
  readonly waitingFor: CheckOptions['waitingFor'];
  readonly keeper: DebtKeeper;
  readonly positionOf: RedisDispatch['positionOf'];
  readonly earlier: () => Pick<RedisDispatch['earlier'], 'isUnsure' | 'delivered'>;
  /** How long debts of an endpoint are remembered that is not configured here, because another node may know it. */
  readonly rememberMs: Millis;
}

/** A node's share in reconciling endpoints: what they have missed of the channels of its partitions, while it sends their webhooks. */
export interface Reconciling {
  readonly onFact: DeliverySubscriber;
  /** Restores debts that another node has noted. */
  owe(debts: readonly OwedDebt[]): void;
  /** Sends an endpoint what it has missed. */
  reconcile(appId: string, endpointId: string): void;
  /** Records that this was reported before the endpoint selected such events. */
  missedBefore(before: ReportedBefore): void;
  /** All of that is recorded, and kept. */
  found(appId: string, endpointId: string): void;
  /** Serves the endpoints of these apps from now on. */
  replace(applications: readonly Application[]): void;
  /** Stores the debts of a partition again. */
  storeAgain(partition: number): void;
  stop(): void;
}

/** Reconciles endpoints on one of several nodes. */
export function createReconciling(options: ReconcilingOptions): Reconciling {
  const { applications, clock, ledger, drops, partitions, positionOf, questions, rememberMs } = options;
  const indexOf = (appId: string, channel: ChannelName): number =>
    partitionOf(appId, channel, partitions.length);
  const reconciler = new Reconciler({
    ...options,
    applications: applications(),
    async correct(believer) {
      const { appId, channel } = believer;
      const position = positionOf(indexOf(appId, channel), appId, channel);
      return position && ledger().correct(believer, position);
    },
    isUnsure: (appId, endpoint, channel, seq) =>
      options.earlier().isUnsure(indexOf(appId, channel), appId, endpoint, seq),
    // The store searches what was reported before an endpoint was added.
    recordsOf: () => [],
    steps: questions,
    reconciled: (...of) => drops.resolve(...of),
  });
  let cancel: Cancel = () => {};
  return {
    onFact: ignoringSelected((fact) => {
      if (fact.kind === 'decided' && fact.fate === 'delivered') options.earlier().delivered(fact);
      reconciler.onFact(fact);
    }),
    owe(debts) {
      for (const { appId, endpointId, debt } of debts) {
        const app = applications().find(({ id }) => id === appId);
        const endpoint = app?.endpoints.find(({ id }) => id === endpointId);
        if (endpoint === undefined) reconciler.absent.owes(appId, endpointId, debt);
        else reconciler.restore(appId, endpoint, debt);
      }
      cancel();
      cancel = clock.after(rememberMs, () => reconciler.forgetAbsent());
    },
    reconcile: (appId, endpointId) => void reconciler.reconcile(appId, endpointId),
    missedBefore: ({ appId, endpoint, ...reported }) => reconciler.missedBefore(appId, endpoint, reported),
    found: (...of) => reconciler.found(...of),
    replace: (changed) => reconciler.replace(changed),
    storeAgain: (partition) =>
      reconciler.storeAgain((appId, channel) => indexOf(appId, channel) === partition),
    stop() {
      cancel();
      reconciler.stop();
    },
  };
}
