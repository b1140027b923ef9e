import type { WebhookEvent } from './event.ts';
import { rankOf, type Rank } from './rank.ts';

/**
 * The groups in which dropped events are recorded, each with room of its own. So the lost events of members cannot be pushed
 * out by events that any client can cause, by events of an endpoint that stays disabled, or by events that do not change the state.
 */
export const dropKinds = ['presence', 'private', 'public', 'disabled', 'expendable'] as const;

export type DropKind = (typeof dropKinds)[number];

const byRank: Readonly<Record<Rank, DropKind>> = {
  0: 'expendable',
  1: 'public',
  2: 'private',
  3: 'presence',
};

/** The group of an event that was dropped for this reason. */
export function dropKind(
  dropped: Pick<WebhookEvent, 'name' | 'channel'> & { readonly reason: string },
): DropKind {
  const kind = byRank[rankOf(dropped)];
  return dropped.reason === 'disabled' && kind !== 'expendable' ? 'disabled' : kind;
}
