/** A number for each combination of labels, cheap to raise. */
export class Series<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly #values = new Map<string, { readonly labels: readonly string[]; value: number }>();

  constructor(name: string, help: string, labels: readonly Label[]) {
    this.name = name;
    this.help = help;
    this.labels = labels;
  }

  /** Adds to the number of these label values, given in the order of the labels. */
  add(amount: number, first: string, ...rest: readonly string[]): void {
    let key = first;
    for (const label of rest) key += `\n${label}`;
    const known = this.#values.get(key);
    if (known === undefined) this.#values.set(key, { labels: [first, ...rest], value: amount });
    else known.value += amount;
  }

  /** Sets the only number of a series without labels. */
  set(value: number): void {
    this.#values.set('', { labels: [], value });
  }

  /** Every number with its labels by name. */
  *read(): Generator<{ readonly labels: Partial<Record<Label, string>>; readonly value: number }, void> {
    for (const { labels, value } of this.#values.values()) {
      const named: Partial<Record<Label, string>> = {};
      for (const [index, label] of this.labels.entries()) {
        const text = labels[index];
        if (text !== undefined) named[label] = text;
      }
      yield { labels: named, value };
    }
  }
}
