import { describe, expect, test } from 'vitest';
import type { SettingsStore } from '../../src/ports/settings-store.ts';

/** A store, and a way for the next process to find it. */
export interface SettingsHarness {
  readonly store: SettingsStore;
  /** Ends the process, and opens the store for another one. */
  readonly next: () => Promise<SettingsStore>;
}

const next = (revision: string, text: string) => ({ revision, text: () => text });

/** What every store for settings does. */
export function keepsSettings(name: string, open: () => Promise<SettingsHarness>): void {
  describe(`${name}, as a store for settings`, () => {
    test('is empty at first', async () => {
      const { store } = await open();
      expect(await store.read()).toBeUndefined();
    });

    test('keeps the last text, also for the next process', async () => {
      const harness = await open();
      const { store } = harness;
      expect(await store.write(next('1.a', 'first'), undefined)).toEqual({ kind: 'written' });
      expect(await store.write(next('2.a', 'zwölf "Ω"\n'), '1.a')).toEqual({ kind: 'written' });
      const stored = { revision: '2.a', text: 'zwölf "Ω"\n' };
      expect(await store.read()).toEqual(stored);
      expect(await (await harness.next()).read()).toEqual(stored);
    });

    test('refuses a writer that has not seen the current text', async () => {
      const { store } = await open();
      await store.write(next('1.a', 'first'), undefined);
      expect(await store.write(next('1.b', 'other'), undefined)).toEqual({ kind: 'conflict' });
      expect(await store.write(next('3.b', 'other'), '2.b')).toEqual({ kind: 'conflict' });
      expect(await store.read()).toEqual({ revision: '1.a', text: 'first' });
    });

    test('keeps a text of a megabyte', async () => {
      const { store } = await open();
      const text = 'x'.repeat(1024 * 1024);
      await store.write(next('1.a', text), undefined);
      expect(await store.read()).toEqual({ revision: '1.a', text });
    });
  });
}
