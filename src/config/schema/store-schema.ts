import * as field from './fields.ts';

/** The store block of a file. */
export const store = field.groupLike('{ "path": "store" }', {
  path: field.required(
    field.nonEmptyText(),
    'The folder of the store, relative to the configuration file. It is created if it does not exist.',
  ),
  sync: field.withDefault(
    field.oneOf(['process', 'disk']),
    'process',
    'What the store survives without loss: any end of the process (process), or a power failure too (disk).',
  ),
  shutdown: field.withDefault(
    field.oneOf(['report', 'keep']),
    'report',
    'What a graceful shutdown does: report that all channels are vacated (report), or send nothing and let the next start continue (keep).',
  ),
});

/** The settings of the store on disk. `path` is absolute. */
export interface StoreConfig {
  readonly path: string;
  readonly sync: 'process' | 'disk';
  readonly shutdown: 'report' | 'keep';
}
