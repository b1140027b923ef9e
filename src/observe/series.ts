/** What is known of the label values so far: the number, if they are all, and what further ones lead to. */
interface Node {
  readonly labels: readonly string[];
  value: number | undefined;
  readonly next: Map<string, Node>;
}

/** A number for each combination of labels, cheap to raise: counting makes no text. */
export class Series<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly #root: Node = { labels: [], value: undefined, next: new Map() };

  constructor(name: string, help: string, labels: readonly Label[]) {
    this.name = name;
    this.help = help;
    this.labels = labels;
  }

  /** Adds to the number of these label values, given in the order of the labels. */
  add(amount: number, ...labels: readonly string[]): void {
    let node = this.#root;
    for (const label of labels) node = node.next.get(label) ?? grow(node, label);
    node.value = (node.value ?? 0) + amount;
  }

  /** Sets the only number of a series without labels. */
  set(value: number): void {
    this.#root.value = value;
  }

  /** Every number with its labels by name. */
  *read(): Generator<{ readonly labels: Partial<Record<Label, string>>; readonly value: number }, void> {
    for (const { labels, value } of nodesOf(this.#root)) {
      if (value === undefined) continue;
      const named: Partial<Record<Label, string>> = {};
      for (const [index, label] of this.labels.entries()) {
        const text = labels[index];
        if (text !== undefined) named[label] = text;
      }
      yield { labels: named, value };
    }
  }
}

function grow(node: Node, label: string): Node {
  const grown = { labels: [...node.labels, label], value: undefined, next: new Map<string, Node>() };
  node.next.set(label, grown);
  return grown;
}

function* nodesOf(node: Node): Generator<Node, void> {
  yield node;
  for (const next of node.next.values()) yield* nodesOf(next);
}
