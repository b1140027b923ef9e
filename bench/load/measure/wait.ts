/**
 * Waits until `isDone` returns true, or until `progress` has not changed for `stallMs`; the caller then counts what is missing.
 * Resolves to when the progress last changed, on the clock of `performance.now()`.
 */
export async function settle(
  isDone: () => boolean,
  progress: () => number,
  stallMs: number,
): Promise<number> {
  let last = progress();
  let lastAt = performance.now();
  while (!isDone() && performance.now() - lastAt < stallMs) {
    await pause(2);
    const current = progress();
    if (current === last) continue;
    last = current;
    lastAt = performance.now();
  }
  return lastAt;
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/**
 * Calls `act` `perSecond` times a second on a fixed schedule. A late call follows immediately and receives
 * the time at which it was due (on the clock of `performance.now()`), so that slowness affects the latency and not the load.
 */
export async function onSchedule(
  schedule: { readonly perSecond: number; readonly seconds: number },
  act: (index: number, dueAt: number) => void,
): Promise<number> {
  const startedAt = performance.now();
  const total = Math.max(1, Math.round(schedule.perSecond * schedule.seconds));
  for (let index = 0; index < total; index += 1) {
    const dueAt = startedAt + (index * 1000) / schedule.perSecond;
    // Timers have a resolution of a millisecond, so calls due within the same one run together.
    if (dueAt - performance.now() > 0.5) await pause(dueAt - performance.now());
    act(index, dueAt);
  }
  return total;
}
