/** The tables. Keys of `outbox`, `settled` and `log` are numbers, of the others strings. */
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
  | 'settings';

/** What a value is kept under. A string is text without control characters, such as the JSON of its parts. */
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
];
