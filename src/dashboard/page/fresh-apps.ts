import { useEvery } from './resource.ts';
import { refresh } from './session.ts';

const rereadMs = 5000;

/** Keeps what the apps show up to date while a page needs it: the stream carries neither queues nor the uses of keys. */
export function useFreshApps(): void {
  useEvery(rereadMs, refresh);
}
