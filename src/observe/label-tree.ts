/** A node of the tree: the value of its label values, if there is one, and the nodes for further label values. */
export interface Labelled<Value> {
  readonly labels: readonly string[];
  value: Value | undefined;
  readonly next: Map<string, Labelled<Value>>;
}

/** A value for each combination of label values. A look-up is cheap, because it creates no string. */
export class LabelTree<Value> {
  readonly #root: Labelled<Value> = { labels: [], value: undefined, next: new Map() };

  /** The node of these label values. It is created if it does not exist. */
  at(labels: readonly string[]): Labelled<Value> {
    let node = this.#root;
    for (const label of labels) node = node.next.get(label) ?? grow(node, label);
    return node;
  }

  /** Every combination that has a value. */
  *[Symbol.iterator](): Generator<{ readonly labels: readonly string[]; readonly value: Value }, void> {
    for (const { labels, value } of nodesOf(this.#root)) {
      if (value !== undefined) yield { labels, value };
    }
  }
}

function grow<Value>(node: Labelled<Value>, label: string): Labelled<Value> {
  const grown = { labels: [...node.labels, label], value: undefined, next: new Map() };
  node.next.set(label, grown);
  return grown;
}

function* nodesOf<Value>(node: Labelled<Value>): Generator<Labelled<Value>, void> {
  yield node;
  for (const next of node.next.values()) yield* nodesOf(next);
}
