import { effect, signal } from '@preact/signals';
import { self } from './session.ts';

/** The server's time, in whole seconds of the page. A clock that a test moves stands still in between. */
export const now = signal(Date.now());

let offsetMs = 0;
let isVirtual = false;

/** Takes the time that the server told. */
export function setServerTime(nowMs: number): void {
  offsetMs = nowMs - Date.now();
  now.value = nowMs;
}

/** Ticks once a second while somebody looks. */
export function startTicking(): void {
  effect(() => {
    isVirtual = self.value?.clock?.mode === 'virtual';
    if (self.value !== undefined) setServerTime(self.value.nowMs);
  });
  setInterval(() => {
    if (!isVirtual && document.visibilityState === 'visible') now.value = Date.now() + offsetMs;
  }, 1000);
}
