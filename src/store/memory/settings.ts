import type { SettingsStore } from '../../ports/settings-store.ts';

/** Settings that end with the process, which knows them itself. */
export const memorySettings: SettingsStore = {
  kind: 'memory',
  place: 'in memory',
  read: () => undefined,
  write: () => ({ kind: 'written' }),
  watch: () => () => {},
};
