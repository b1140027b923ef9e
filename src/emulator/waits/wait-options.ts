import * as v from 'valibot';
import * as field from '../../config/schema/fields.ts';
import { milliseconds, number } from '../check.ts';

const expectedEvent = 'expected an event or its id';
const idOrEvent = v.pipe(
  v.union([number(expectedEvent), field.openGroup({ id: number() })], expectedEvent),
  v.transform((after) => (typeof after === 'number' ? after : after.id)),
);

/** How long something must not happen. */
export const absenceOptions = field.group({
  after: v.exactOptional(idOrEvent),
  withinMs: v.exactOptional(milliseconds()),
});

/** How long to wait until nothing is left to do. */
export const idleOptions = field.group({ timeoutMs: v.exactOptional(milliseconds()) });

/** How long to wait for something. */
export const waitOptions = field.group({ ...absenceOptions.entries, ...idleOptions.entries });

const minuteMs = 60_000;

/** The default durations of waits. */
export function defaultWait(isVirtual: boolean): { readonly timeoutMs: number; readonly withinMs: number } {
  return { timeoutMs: isVirtual ? 1000 : 5000, withinMs: 10 * minuteMs };
}

/** Describes how long a wait took, and in which time. */
export function describeWait(isVirtual: boolean, movedMs: number, timeoutMs: number): string {
  return isVirtual
    ? `the clock was moved by ${Math.round(movedMs)} ms, then nothing was due, and nothing arrived within ${timeoutMs} ms of real time`
    : `waited for ${timeoutMs} ms`;
}

/**
 * Returns a check that throws once the wait must end: the emulator was closed or reset, or the app was removed; with a signal, also
 * when the client that requested the wait has disconnected.
 */
export type Guard = (appId: string | undefined, gone?: AbortSignal) => () => void;
