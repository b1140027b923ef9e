import { clip } from './clip.ts';

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

const publicKind: ChannelKind = { access: 'public', isCache: false };

/** Prefixes are matched at the start only, the longest first (protocol 2.1). */
const kinds: readonly (readonly [prefix: string, kind: ChannelKind])[] = [
  ['private-encrypted-cache-', { access: 'private', isCache: true }],
  ['private-cache-', { access: 'private', isCache: true }],
  ['private-', { access: 'private', isCache: false }],
  ['presence-cache-', { access: 'presence', isCache: true }],
  ['presence-', { access: 'presence', isCache: false }],
  ['cache-', { access: 'public', isCache: true }],
  ['#server-to-user-', { access: 'user', isCache: false }],
];

/** The kind of a channel, read off its name. */
export function channelKind(name: string): ChannelKind {
  for (const [prefix, kind] of kinds) {
    if (name.startsWith(prefix)) return kind;
  }
  return publicKind;
}

const allowed = /^[A-Za-z0-9_\-=@,.;]+$/;
const allowedOfUser = /^#server-to-user-[A-Za-z0-9_\-=@,.;]{1,128}$/;

/** Whether a value is a channel's name of at most `maxLength` characters. */
export function isChannelName(value: unknown, maxLength: number): value is ChannelName {
  if (typeof value !== 'string') return false;
  if (value.startsWith('#')) return allowedOfUser.test(value);
  return value.length <= maxLength && allowed.test(value);
}

/** Says what is wrong with a value that is not a channel's name, what was got and what is accepted. */
export function describeChannelNameFault(value: unknown, maxLength: number): string {
  const accepted = `up to ${maxLength} of the characters A-Z a-z 0-9 _ - = @ , . ;`;
  if (typeof value !== 'string') return `Invalid channel name: expected a string of ${accepted}`;
  return `Invalid channel name: '${clip(value)}' (${value.length} characters). A name has ${accepted}`;
}
