import type { ReceivedByEndpoint } from '../webhooks/debt-keeper.ts';
import { selects, type Endpoint } from '../webhooks/endpoint.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import { debtorKey } from './debtor.ts';

/**
 * Returns a function that names the endpoints that select an event of an earlier run now, and never did until then. They must
 * not receive it: they have not received what happened before it, and may not receive what happened after it. `known` is what the
 * endpoints had received; without it, the function names none.
 */
export function createNewcomers(
  known: Iterable<ReceivedByEndpoint> | undefined,
  endpointsOf: (appId: string) => readonly Endpoint[],
): (appId: string, event: WebhookEvent) => readonly string[] {
  if (known === undefined) return () => [];
  const selections = new Map(
    Array.from(known, ({ appId, endpointId, selection, former }) => {
      // A search for what was reported before may have been interrupted. Its endpoint was already sent events.
      return [debtorKey(appId, endpointId), selection === undefined ? former : [selection]] as const;
    }),
  );
  return (appId, { name, channel }) =>
    endpointsOf(appId)
      .filter((endpoint) => {
        const before = selections.get(debtorKey(appId, endpoint.id)) ?? [];
        const hasSelected = before.some((selection) => selects(selection, name, channel));
        return !hasSelected && selects(endpoint, name, channel);
      })
      .map(({ id }) => id);
}
