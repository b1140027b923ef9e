import type { EventRef } from '../../../ports/delivery-store.ts';

/** A ref names a partition and an entry of its stream. */
export function formatRef(partition: number, id: string): EventRef {
  return `${partition}:${id}`;
}

/** The partition and the entry that a ref names. */
export function parseRef(ref: EventRef): { readonly partition: number; readonly id: string } {
  const [partition = '', id = ''] = ref.split(':');
  return { partition: Number(partition), id };
}
