import { consoleTypes, type ConsoleType } from '../../../views/server.ts';
import type { Tone } from '../components/tag.tsx';

/** The types of rows, grouped as on the page. */
export const typeGroups: readonly { readonly title: string; readonly types: readonly ConsoleType[] }[] = [
  { title: 'Connections', types: ['connection', 'disconnection', 'subscribed', 'unsubscribed'] },
  { title: 'Messages', types: ['published', 'client event'] },
  {
    title: 'Events for webhooks',
    types: ['occupied', 'vacated', 'member added', 'member removed', 'cache miss', 'subscription count'],
  },
  { title: 'Webhooks', types: ['webhook sent', 'webhook failed'] },
  { title: 'Refused', types: ['refused connection', 'refused message', 'refused request'] },
  { title: 'Settings', types: ['setting'] },
];

/** The colour of a type. The name of the type accompanies it. */
export const toneOf: Readonly<Record<ConsoleType, Tone>> = {
  connection: 'calm',
  disconnection: 'calm',
  subscribed: 'calm',
  unsubscribed: 'calm',
  published: 'accent',
  'client event': 'accent',
  occupied: 'busy',
  vacated: 'busy',
  'member added': 'busy',
  'member removed': 'busy',
  'cache miss': 'busy',
  'subscription count': 'busy',
  'webhook sent': 'good',
  'webhook failed': 'bad',
  'refused connection': 'warn',
  'refused message': 'warn',
  'refused request': 'warn',
  setting: 'calm',
};

/** The types that a query names. Without a query it is all types. */
export function typesOf(query: string | undefined): readonly ConsoleType[] {
  const named = (query ?? '').split(',');
  const known = consoleTypes.filter((type) => named.includes(type));
  return known.length === 0 ? (query === 'none' ? [] : consoleTypes) : known;
}

/** The query for these types: the counterpart of `typesOf`. */
export function queryOfTypes(types: readonly ConsoleType[]): string | undefined {
  if (types.length === consoleTypes.length) return undefined;
  return types.length === 0 ? 'none' : types.join(',');
}
