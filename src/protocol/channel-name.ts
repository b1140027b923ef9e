import { clip } from './clip.ts';
import type { Limits } from './limits.ts';

declare const channelName: unique symbol;

/** A channel name whose characters, length and reserved prefix have been checked. */
export type ChannelName = string & { readonly [channelName]: true };

/** What the name of a channel determines. Channels have no other configuration. */
export interface ChannelKind {
  /** Who may subscribe: anyone, any authorized client, or only the signed-in user. */
  readonly access: 'public' | 'private' | 'presence' | 'user';
  /** Whether the channel keeps its last published event for late subscribers. */
  readonly isCache: boolean;
}

const serverToUser = '#server-to-user-';

const publicKind: ChannelKind = { access: 'public', isCache: false };

/** Prefixes are matched only at the start of the name, the longest first. */
const kinds: readonly (readonly [prefix: string, kind: ChannelKind])[] = [
  ['private-encrypted-cache-', { access: 'private', isCache: true }],
  ['private-cache-', { access: 'private', isCache: true }],
  ['private-', { access: 'private', isCache: false }],
  ['presence-cache-', { access: 'presence', isCache: true }],
  ['presence-', { access: 'presence', isCache: false }],
  ['cache-', { access: 'public', isCache: true }],
  [serverToUser, { access: 'user', isCache: false }],
];

/** The kind of a channel, derived from its name. */
export function channelKind(name: string): ChannelKind {
  for (const [prefix, kind] of kinds) {
    if (name.startsWith(prefix)) return kind;
  }
  return publicKind;
}

/** Restores a name that this program checked before it stored it. */
export function checkedChannelName(text: string): ChannelName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was checked before it was stored
  return text as ChannelName;
}

/** The characters allowed in channel names and in the ids of users who sign in. */
const allowed = /^[A-Za-z0-9_\-=@,.;]+$/;

/** The maximum lengths of names. */
export type NameLimits = Pick<Limits, 'channelNameLength' | 'userIdLength'>;

/**
 * No maximum, for questions about a name and for terminations. A channel or user may exist that is longer than the limits, because
 * a reload can lower them; limits restrict only what is created.
 */
export const anyLength: NameLimits = { channelNameLength: Infinity, userIdLength: Infinity };

/** Whether a value is a channel name. In the name of a server-to-user channel, the limit applies to the user id. */
export function isChannelName(value: unknown, limits: NameLimits): value is ChannelName {
  if (typeof value !== 'string') return false;
  if (value.startsWith(serverToUser)) return isUserId(value.slice(serverToUser.length), limits);
  return value.length <= limits.channelNameLength && allowed.test(value);
}

/** Whether a value is the id of a user who may sign in. */
export function isUserId(value: unknown, limits: Pick<Limits, 'userIdLength'>): value is string {
  return typeof value === 'string' && value.length <= limits.userIdLength && allowed.test(value);
}

/** The channel on which a signed-in user receives events from backends. `userId` must be one that may sign in. */
export function serverToUserChannel(userId: string): ChannelName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- prefix and id have the form
  return `${serverToUser}${userId}` as ChannelName;
}

/** Whether a channel belongs to the protocol itself: its subscribers are not counted and cause no webhooks. */
export function isInternal(name: string): boolean {
  return name.startsWith('#');
}

/** Describes why a value is not a channel name: what is wrong, what was received and what is accepted. */
export function describeChannelNameFault(value: unknown, { channelNameLength }: NameLimits): string {
  const count = channelNameLength === Infinity ? 'any number' : `up to ${channelNameLength}`;
  const accepted = `${count} of the characters A-Z a-z 0-9 _ - = @ , . ;`;
  if (typeof value !== 'string') return `Invalid channel name: expected a string of ${accepted}`;
  return `Invalid channel name: '${clip(value)}' (${value.length} characters). A name has ${accepted}`;
}
