import type { EventRef } from '../../../ports/delivery-store.ts';

/** A ref names a partition and an entry of its stream. */
export function formatRef(partition: number, id: string): EventRef {
  return `${partition}:${id}`;
}

/** Enough for the entries of a stream that are written in one millisecond, until the year 2109. */
const numbersPerMs = 2048;

/**
 * The sequence number of the entry of a stream that is read after the entry with the sequence number `last`. It follows from the
 * id, so that every owner of the partition gives entries the same order, also those that were deleted before.
 */
export function seqAfter(last: number, id: string): number {
  const [ms, number] = id.split('-').map(Number);
  // Entries that were read later count as later, whatever happened to the clock of the server.
  return Math.max(last + 1, Number(ms) * numbersPerMs + Math.min(Number(number), numbersPerMs - 1));
}

/** The partition and the entry that a ref names. */
export function parseRef(ref: EventRef): { readonly partition: number; readonly id: string } {
  const [partition = '', id = ''] = ref.split(':');
  return { partition: Number(partition), id };
}

/** Whether an entry of a stream is the other one or a later one. */
export function isAtOrAfter(id: string, other: string): boolean {
  const [ms = 0, number = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && number >= otherNumber);
}
