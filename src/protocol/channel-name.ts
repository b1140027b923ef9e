import { clip } from './clip.ts';
import type { Limits } from './limits.ts';

declare const channelName: unique symbol;

/** A channel's name that has been checked: characters, length, reserved prefix. */
export type ChannelName = string & { readonly [channelName]: true };

/** What a channel's name says of it. Nothing else configures a channel. */
export interface ChannelKind {
  /** Who may subscribe: anybody, whoever is authorised, or the signed-in user alone. */
  readonly access: 'public' | 'private' | 'presence' | 'user';
  /** It keeps the last published event for late subscribers. */
  readonly isCache: boolean;
}

const serverToUser = '#server-to-user-';

const publicKind: ChannelKind = { access: 'public', isCache: false };

/** Prefixes are matched at the start only, the longest first (protocol 2.1). */
const kinds: readonly (readonly [prefix: string, kind: ChannelKind])[] = [
  ['private-encrypted-cache-', { access: 'private', isCache: true }],
  ['private-cache-', { access: 'private', isCache: true }],
  ['private-', { access: 'private', isCache: false }],
  ['presence-cache-', { access: 'presence', isCache: true }],
  ['presence-', { access: 'presence', isCache: false }],
  ['cache-', { access: 'public', isCache: true }],
  [serverToUser, { access: 'user', isCache: false }],
];

/** The kind of a channel, read off its name. */
export function channelKind(name: string): ChannelKind {
  for (const [prefix, kind] of kinds) {
    if (name.startsWith(prefix)) return kind;
  }
  return publicKind;
}

/** A name that this program has checked before, and that comes back from where it was kept. */
export function checkedChannelName(text: string): ChannelName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was one when it was kept
  return text as ChannelName;
}

/** The characters of channel names, and of the ids of users that sign in. */
const allowed = /^[A-Za-z0-9_\-=@,.;]+$/;

/** How long names may be. */
export type NameLimits = Pick<Limits, 'channelNameLength' | 'userIdLength'>;

/** Whether a value is a channel's name. That of a server-to-user channel is measured by its user id (D4). */
export function isChannelName(value: unknown, limits: NameLimits): value is ChannelName {
  if (typeof value !== 'string') return false;
  if (value.startsWith(serverToUser)) return isUserId(value.slice(serverToUser.length), limits);
  return value.length <= limits.channelNameLength && allowed.test(value);
}

/** Whether a value is the id of a user that may sign in. */
export function isUserId(value: unknown, limits: Pick<Limits, 'userIdLength'>): value is string {
  return typeof value === 'string' && value.length <= limits.userIdLength && allowed.test(value);
}

/** The channel on which a user who has signed in hears from backends. `userId` is one that may sign in. */
export function serverToUserChannel(userId: string): ChannelName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- prefix and id have the form
  return `${serverToUser}${userId}` as ChannelName;
}

/** Whether a channel is the protocol's own: nobody counts its subscribers and no webhook tells of it (D25). */
export function isInternal(name: string): boolean {
  return name.startsWith('#');
}

/** Says what is wrong with a value that is not a channel's name, what was got and what is accepted. */
export function describeChannelNameFault(value: unknown, limits: NameLimits): string {
  const accepted = `up to ${limits.channelNameLength} of the characters A-Z a-z 0-9 _ - = @ , . ;`;
  if (typeof value !== 'string') return `Invalid channel name: expected a string of ${accepted}`;
  return `Invalid channel name: '${clip(value)}' (${value.length} characters). A name has ${accepted}`;
}
