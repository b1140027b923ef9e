/** A node of a list. It belongs to one list at a time. */
export interface ListNode<T> {
  readonly value: T;
  previous: ListNode<T> | undefined;
  next: ListNode<T> | undefined;
}

/** A list in insertion order from which any item can be removed at constant cost. */
export class LinkedList<T> {
  #first: ListNode<T> | undefined;
  #last: ListNode<T> | undefined;
  /** The number of items. A field and not a getter, because queues read it at every step. Do not write to it. */
  size = 0;

  get first(): T | undefined {
    return this.#first?.value;
  }

  /** Appends a value. Pass the returned node to `remove` to take it out again. */
  push(value: T): ListNode<T> {
    return this.#insertAfter(this.#last, value);
  }

  /** The same, but before those values at the end for which `isAfter` holds. The cost grows with their number. */
  insert(value: T, isAfter: (other: T, value: T) => boolean): ListNode<T> {
    let previous = this.#last;
    while (previous !== undefined && isAfter(previous.value, value)) previous = previous.previous;
    return this.#insertAfter(previous, value);
  }

  /** Removes and returns the first value. */
  shift(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first?.value;
  }

  /** Removes a node of this list. */
  remove(node: ListNode<T>): void {
    if (node.previous === undefined) this.#first = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.#last = node.previous;
    else node.next.previous = node.previous;
    node.previous = undefined;
    node.next = undefined;
    this.size -= 1;
  }

  #insertAfter(previous: ListNode<T> | undefined, value: T): ListNode<T> {
    const next = previous === undefined ? this.#first : previous.next;
    const node: ListNode<T> = { value, previous, next };
    if (previous === undefined) this.#first = node;
    else previous.next = node;
    if (next === undefined) this.#last = node;
    else next.previous = node;
    this.size += 1;
    return node;
  }

  *[Symbol.iterator](): Generator<T, void> {
    for (let node = this.#first; node !== undefined; node = node.next) yield node.value;
  }
}
