import { LabelTree } from './label-tree.ts';

/** The description of a metric. `Known` is the source of the known apps and endpoints. */
export interface SeriesDescription<Known> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** The combinations of label values that are written before anything was counted. */
  readonly domain: (known: Known) => Iterable<readonly string[]>;
}

/** A number in the rendered text. */
export interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The numbers of a series, by the values of its labels. */
export type CountedSeries = readonly (readonly [labels: readonly string[], value: number])[];

/** A metric that can be rendered. */
export interface Metric<Known> extends SeriesDescription<Known> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  samples(known: Known): Iterable<Sample>;
}

/** A counter or gauge: a number for each combination of labels, cheap to increment. */
export class Series<Known> implements Metric<Known> {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly domain: SeriesDescription<Known>['domain'];
  readonly #numbers = new LabelTree<number>();

  constructor(type: 'counter' | 'gauge', { name, help, labels, domain }: SeriesDescription<Known>) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.domain = domain;
  }

  /** Adds to the number of these label values, given in the order of the labels. */
  add(amount: number, ...labels: readonly string[]): void {
    const place = this.#numbers.at(labels);
    place.value = (place.value ?? 0) + amount;
  }

  /** The counts, in a form that can be cloned. */
  get counted(): CountedSeries {
    return Array.from(this.#numbers, ({ labels, value }) => [labels, value] as const);
  }

  /** The sum of this series and the counts of others. */
  with(others: readonly CountedSeries[]): Series<Known> {
    if (others.length === 0) return this;
    const sum = new Series<Known>(this.type, this);
    for (const series of [this.counted, ...others]) {
      for (const [labels, value] of series) sum.add(value, ...labels);
    }
    return sum;
  }

  *samples(known: Known): Generator<Sample, void> {
    for (const labels of this.domain(known)) this.add(0, ...labels);
    for (const { labels, value } of this.#numbers) {
      yield { metricName: this.name, labels: nameLabels(this.labels, labels), value };
    }
  }
}

interface Observed {
  /** The count of each bucket, and of values beyond the last bucket. */
  readonly counts: number[];
  sum: number;
}

/** A histogram for each combination of labels, cheap to update. */
export class Histogram<Known> implements Metric<Known> {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly domain: SeriesDescription<Known>['domain'];
  readonly #bounds: readonly number[];
  readonly #observed = new LabelTree<Observed>();

  /** `bounds` are the upper bounds of the buckets in ascending order. */
  constructor({ name, help, labels, domain }: SeriesDescription<Known>, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.domain = domain;
    this.#bounds = bounds;
  }

  observe(value: number, ...labels: readonly string[]): void {
    this.observeAll([value], ...labels);
  }

  observeAll(values: readonly number[], ...labels: readonly string[]): void {
    const observed = this.#find(labels);
    for (const value of values) {
      let bucket = 0;
      while (value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
      observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
      observed.sum += value;
    }
  }

  *samples(known: Known): Generator<Sample, void> {
    for (const labels of this.domain(known)) this.#find(labels);
    for (const { labels: values, value } of this.#observed) {
      const labels = nameLabels(this.labels, values);
      let count = 0;
      for (const [index, inBucket] of value.counts.entries()) {
        count += inBucket;
        const le = this.#bounds[index] ?? '+Inf';
        yield { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: count };
      }
      yield { metricName: `${this.name}_sum`, labels, value: value.sum };
      yield { metricName: `${this.name}_count`, labels, value: count };
    }
  }

  #find(labels: readonly string[]): Observed {
    const place = this.#observed.at(labels);
    place.value ??= { counts: Array.from({ length: this.#bounds.length + 1 }, () => 0), sum: 0 };
    return place.value;
  }
}

function nameLabels(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
