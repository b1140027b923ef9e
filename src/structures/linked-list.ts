/** A place in a list. It belongs to one list at a time. */
export interface ListNode<T> {
  readonly value: T;
  previous: ListNode<T> | undefined;
  next: ListNode<T> | undefined;
}

/** A list in order of arrival from whose middle things can be taken at constant cost. */
export class LinkedList<T> {
  #first: ListNode<T> | undefined;
  #last: ListNode<T> | undefined;
  /** How many there are: a field and not a getter, because queues ask with every step. To be read only. */
  size = 0;

  get first(): T | undefined {
    return this.#first?.value;
  }

  /** Appends a value; the node returned is the key for taking it out again. */
  push(value: T): ListNode<T> {
    return this.#insertAfter(this.#last, value);
  }

  /** The same, but before those at the end that `isAfter` it. Costs as much as there are of them. */
  insert(value: T, isAfter: (other: T, value: T) => boolean): ListNode<T> {
    let previous = this.#last;
    while (previous !== undefined && isAfter(previous.value, value)) previous = previous.previous;
    return this.#insertAfter(previous, value);
  }

  /** Takes out what came first. */
  shift(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first?.value;
  }

  /** Takes out a node of this list. */
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
