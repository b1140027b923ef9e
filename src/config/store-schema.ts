import * as field from './fields.ts';

/** The store block as a file may hold it. */
export const store = field.group({
  path: field.nonEmptyText().describe('The folder, relative to this file. It is made if it is missing.'),
  sync: field
    .oneOf(['process', 'disk'])
    .default('process')
    .describe(
      'What is survived without loss: the end of the process by whatever cause (process), or a power cut as well (disk).',
    ),
  shutdown: field
    .oneOf(['report', 'keep'])
    .default('report')
    .describe(
      'What an orderly end does: endpoints are told that everybody has gone (report), or nothing is told and the next start goes on (keep).',
    ),
});

/** What is kept on disk, and where. `path` is absolute. */
export interface StoreConfig {
  readonly path: string;
  readonly sync: 'process' | 'disk';
  readonly shutdown: 'report' | 'keep';
}
