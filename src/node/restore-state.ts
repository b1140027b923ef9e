import type { DropJournal, DroppedEvent } from '../delivery-log/drop-journal.ts';
import type { Millis } from '../ports/clock.ts';
import { createNewcomers } from '../reconcile/newcomers.ts';
import type { Acquaintance } from '../reconcile/acquaintance.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Database } from '../store/disk/database.ts';
import type { DebtOfEndpoint, DebtTable } from '../store/durable/debt-table.ts';
import type { DropTable } from '../store/durable/drop-table.ts';
import type { DurableStore, Restored, StateTarget } from '../store/durable/durable-store.ts';
import type { EndpointTable } from '../store/durable/endpoint-table.ts';
import { Rows } from '../store/durable/rows.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';

/** What keeps the state of channels and of their webhooks on disk. */
export interface StateStore {
  readonly database: Database;
  readonly store: DurableStore;
  readonly drops: DropTable<DroppedEvent>;
  readonly debts: DebtTable;
  readonly endpoints: EndpointTable;
}

/** The parts that take over the kept state. */
export interface StateTargets {
  readonly ledger: StateTarget;
  readonly drops: Pick<DropJournal, 'restore' | 'forget'>;
  readonly reconciler: Reconciler;
  readonly acquaintance: Acquaintance;
  /** The endpoints of an app that is configured; undefined for another. */
  readonly endpointsOf: (appId: string) => readonly Endpoint[] | undefined;
}

/**
 * Continues where the previous run ended: what endpoints lack, what was dropped, channels and members, pending webhooks, and
 * then what endpoints have received and how they were changed. Those who were announced linger for `graceMs`. Call it once, before anything that
 * clients cause takes effect.
 */
export function restoreState(stored: StateStore, targets: StateTargets, graceMs: Millis): Restored {
  const { database, store, drops, debts, endpoints } = stored;
  const { ledger, reconciler, acquaintance, endpointsOf } = targets;
  const known = debts.restore();
  for (const debt of known.debts) restoreDebt(debt, stored, targets);
  const rows = new Rows(database);
  const dropped = drops.restore(rows, ({ timeMs }) => timeMs);
  for (const { appId, kind, kept } of dropped) {
    targets.drops.restore(appId, kind, kept);
    if (kind === 'expendable') continue;
    // After a drop of which nothing is forgotten, what the endpoint lacks is stored.
    if ('forgotten' in kept) {
      if (kept.forgotten > 0)
        for (const { id } of endpointsOf(appId) ?? []) reconciler.markUncertain(appId, id);
    } else if (known.received === undefined) {
      reconciler.markUncertain(appId, kept.endpoint, kept.channel);
    }
  }
  const isConfigured = (appId: string): boolean => endpointsOf(appId) !== undefined;
  const newcomers = createNewcomers(known.received, (appId) => endpointsOf(appId) ?? []);
  const histories = [...endpoints.restore()];
  const knownApps = new Set([
    ...[...known.debts, ...(known.received ?? []), ...dropped].map(({ appId }) => appId),
    ...histories.map(([appId]) => appId),
  ]);
  const restored = store.restore({ rows, target: ledger, graceMs, newcomers, isConfigured, knownApps });
  for (const appId of restored.forgottenApps) targets.drops.forget(appId);
  reconciler.resume(debts.forget(restored.forgottenApps, known), isConfigured);
  debts.completed();
  acquaintance.restore(histories, isConfigured, restored.forgottenApps);
  return restored;
}

function restoreDebt(
  { appId, endpointId, debt }: DebtOfEndpoint,
  { debts }: StateStore,
  { reconciler, endpointsOf }: StateTargets,
): void {
  const endpoints = endpointsOf(appId);
  if (endpoints === undefined) return reconciler.absent.owes(appId, endpointId, debt);
  const endpoint = endpoints.find(({ id }) => id === endpointId);
  if (endpoint !== undefined) reconciler.restore(appId, endpoint, debt);
  else debts.changed({ appId, endpointId, channel: debt.channel }, () => undefined);
}
