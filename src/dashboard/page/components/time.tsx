import { clockTime, duration, exactTime, relative } from '../format.ts';
import { now } from '../time.ts';

interface TimeProps {
  readonly atMs: number;
}

/** How long ago. The exact time is shown on hover. */
export function Ago({ atMs }: TimeProps) {
  return (
    <time dateTime={exactTime(atMs)} title={exactTime(atMs)}>
      {relative(atMs, now.value)}
    </time>
  );
}

/** The time of day, for lists in which milliseconds matter. How long ago is shown on hover. */
export function At({ atMs }: TimeProps) {
  return (
    <time class="mono" dateTime={exactTime(atMs)} title={relative(atMs, now.value)}>
      {clockTime(atMs, now.value)}
    </time>
  );
}

/** How long until a time. */
export function Countdown({ atMs }: TimeProps) {
  const leftMs = atMs - now.value;
  return (
    <time class="numbers" dateTime={exactTime(atMs)} title={exactTime(atMs)}>
      {leftMs <= 0 ? 'now' : `in ${duration(Math.ceil(leftMs / 1000) * 1000)}`}
    </time>
  );
}
