import type { WebhookEvent } from './event.ts';
import { rankOf, type Rank } from './rank.ts';

/**
 * By what events that were given up are kept apart, so that none push out others: what was lost of members not by what
 * anybody can cause, and neither by what goes to a disabled endpoint for days, or by what no state depends on.
 */
export const dropKinds = ['presence', 'private', 'public', 'disabled', 'expendable'] as const;

export type DropKind = (typeof dropKinds)[number];

const byRank: Readonly<Record<Rank, DropKind>> = {
  0: 'expendable',
  1: 'public',
  2: 'private',
  3: 'presence',
};

/** The kind of an event that was given up for this reason. */
export function dropKind(
  dropped: Pick<WebhookEvent, 'name' | 'channel'> & { readonly reason: string },
): DropKind {
  const kind = byRank[rankOf(dropped)];
  return dropped.reason === 'disabled' && kind !== 'expendable' ? 'disabled' : kind;
}
