import type { SettingsStore } from '../../ports/settings-store.ts';

/** Settings that end with the process. The process itself knows them, so nothing is stored. */
export const memorySettings: SettingsStore = {
  kind: 'memory',
  place: 'in memory',
  read: () => undefined,
  write: () => ({ kind: 'written' }),
  watch: () => () => {},
};
