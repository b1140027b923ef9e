/** The tables. The keys of `outbox`, `settled` and `log` are numbers, those of the others are strings. */
export type Table =
  | 'meta'
  | 'announced'
  | 'outbox'
  | 'settled'
  | 'batches'
  | 'cached'
  | 'missed'
  | 'drops'
  | 'log'
  | 'told'
  | 'settings'
  | 'endpoints';

/** The key of a value. A string must not contain control characters; an example is the JSON of its parts. */
export type Key = string | number;

/** All tables, in the order in which they are opened. */
export const tables: readonly Table[] = [
  'meta',
  'announced',
  'outbox',
  'settled',
  'batches',
  'cached',
  'missed',
  'drops',
  'log',
  'told',
  'settings',
  'endpoints',
];
