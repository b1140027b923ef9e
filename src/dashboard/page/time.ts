import { effect, signal } from '@preact/signals';
import { self } from './session.ts';

/** The server's time, updated once a second. The clock of a server under test stands still until a test moves it. */
export const now = signal(Date.now());

let offsetMs = 0;
let isVirtual = false;

/** Sets the time that the server reported. */
export function setServerTime(nowMs: number): void {
  offsetMs = nowMs - Date.now();
  now.value = nowMs;
}

/** Updates `now` once a second while the tab is visible. */
export function startTicking(): void {
  effect(() => {
    isVirtual = self.value?.clock?.mode === 'virtual';
    if (self.value !== undefined) setServerTime(self.value.nowMs);
  });
  setInterval(() => {
    if (!isVirtual && document.visibilityState === 'visible') now.value = Date.now() + offsetMs;
  }, 1000);
}
