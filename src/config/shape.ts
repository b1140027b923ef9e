import type { Path } from './fault.ts';
import { isObject, type JsonObject } from './json.ts';

/*
 * What values of a configuration look like, and what is made of them. It is written here, because the library that did it
 * took a fifth of a start; it knows the few kinds that fields.ts is made of, and describes them as a JSON schema.
 */

/** What is wrong at a path. */
export type ShapeFault = { readonly path: Path } & (
  | {
      readonly kind: 'value';
      readonly input: unknown;
      /** "expected ...". */
      readonly message: string;
      /** It is of the wrong kind, so that the kind says enough of it. */
      readonly isOtherKind: boolean;
    }
  /** A name that may not be one; it says all by itself. */
  | { readonly kind: 'name'; readonly message: string }
  | { readonly kind: 'unknown'; readonly key: string; readonly accepted: readonly string[] }
);

/** Hears of faults. */
type Report = (fault: ShapeFault) => void;

/** A kind of value. */
interface Kind<Out> {
  /** What is made of an input that is there; after a fault was reported it does not matter. */
  read(input: unknown, path: Path, report: Report): Out;
  /** The same for editors, as JSON schema. */
  describe(): JsonObject;
  /** What it says of an input that is missing: "expected ...". */
  readonly message: string;
}

/** What an absent value stands for: nothing (it is a fault), itself, a result, or an input. */
type Absent =
  { readonly as: 'fault' | 'itself' } | { readonly as: 'output' | 'input'; readonly value: unknown };

type Outcome<Out> =
  | { readonly success: true; readonly data: Out }
  | { readonly success: false; readonly faults: readonly ShapeFault[] };

/** What a value may be, and what is made of it. `MayLack`: an object need not have it. Shapes are never changed. */
export class Shape<Out, MayLack extends boolean = false> {
  readonly #kind: Kind<Out>;
  readonly #absent: Absent;
  readonly #notes: JsonObject;
  /** For the compiler alone. */
  declare readonly mayLack: MayLack;

  constructor(kind: Kind<Out>, absent: Absent = { as: 'fault' }, notes: JsonObject = {}) {
    this.#kind = kind;
    this.#absent = absent;
    this.#notes = notes;
  }

  /** Says for editors what it is for. */
  describe(description: string): Shape<Out, MayLack> {
    return this.meta({ description });
  }

  /** Says more for editors, in the words of JSON schema. */
  meta(notes: JsonObject): Shape<Out, MayLack> {
    return new Shape<Out, MayLack>(this.#kind, this.#absent, { ...this.#notes, ...notes });
  }

  /** The same, or absent. */
  optional(): Shape<Out | undefined, true> {
    return new Shape<Out | undefined, true>(this.#kind, { as: 'itself' }, this.#notes);
  }

  /** Absent is this. */
  default(value: Out): Shape<Out> {
    return new Shape(this.#kind, { as: 'output', value }, this.#notes);
  }

  /** Absent is what this input is. */
  prefault(value: JsonObject): Shape<Out> {
    return new Shape(this.#kind, { as: 'input', value }, this.#notes);
  }

  /** The same, or null. */
  nullable(): Shape<Out | null, MayLack> {
    const kind = this.#kind;
    const orNull: Kind<Out | null> = {
      message: kind.message,
      read: (input, path, report) => (input === null ? null : kind.read(input, path, report)),
      describe: () => ({ anyOf: [kind.describe(), { type: 'null' }] }),
    };
    return new Shape(orNull, this.#absent, this.#notes);
  }

  /** Compares an input and makes a value of it, or finds every fault. */
  safeParse(input: unknown): Outcome<Out> {
    const faults: ShapeFault[] = [];
    const data = this.read(input, [], (fault) => faults.push(fault));
    return faults.length === 0 ? { success: true, data } : { success: false, faults };
  }

  /** What is made of an input that is known to be right. */
  parse(input: unknown): Out {
    const outcome = this.safeParse(input);
    if (!outcome.success) throw new Error('an input that was taken to be right is not');
    return outcome.data;
  }

  read(input: unknown, path: Path, report: Report): Out {
    if (input !== undefined) return this.#kind.read(input, path, report);
    if (this.#absent.as === 'input') return this.#kind.read(this.#absent.value, path, report);
    if (this.#absent.as === 'fault') {
      report({ kind: 'value', path, input, message: this.#kind.message, isOtherKind: true });
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- undefined where that is an output, or after a fault
    return (this.#absent.as === 'output' ? copyOf(this.#absent.value) : undefined) as Out;
  }

  /** As a JSON schema of what is written. */
  toJsonSchema(): JsonObject {
    const standsFor = 'value' in this.#absent ? { default: this.#absent.value } : {};
    return { ...standsFor, ...this.#kind.describe(), ...this.#notes };
  }

  /** Whether an object must have it. */
  get isNeeded(): boolean {
    return this.#absent.as === 'fault';
  }
}

/** Nobody shares a list or an object with what is configured later. */
function copyOf(value: unknown): unknown {
  return typeof value === 'object' ? structuredClone(value) : value;
}

/** Any shape. */
export type AnyShape = Shape<unknown, boolean>;

/** What is made of an input. */
export type Output<S> = S extends Shape<infer Out, boolean> ? Out : never;

/** The shapes of the keys of an object. */
export type Fields = Readonly<Record<string, AnyShape>>;

type Flat<T> = { [Key in keyof T]: T[Key] };

type OutputOfFields<F> = Flat<
  { -readonly [Key in keyof F as F[Key] extends Shape<unknown, true> ? never : Key]: Output<F[Key]> } & {
    -readonly [Key in keyof F as F[Key] extends Shape<unknown, true> ? Key : never]?: Output<F[Key]>;
  }
>;

/** A value without parts: `schema` says for editors what `is` decides. */
export function single<Out>(
  message: string,
  is: (input: unknown) => input is Out,
  schema: JsonObject,
): Shape<Out> {
  return new Shape({
    message,
    read(input, path, report) {
      if (!is(input)) report({ kind: 'value', path, input, message, isOtherKind: false });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is one, or a fault was reported
      return input as Out;
    },
    describe: () => schema,
  });
}

/** A list; with `least`, not an empty one. */
export function list<Out>(item: Shape<Out, boolean>, least?: { readonly message: string }): Shape<Out[]> {
  const message = 'expected a list';
  return new Shape({
    message,
    read(input, path, report) {
      if (!Array.isArray(input)) {
        report({ kind: 'value', path, input, message, isOtherKind: true });
        return [];
      }
      if (least !== undefined && input.length === 0) {
        report({ kind: 'value', path, input, message: least.message, isOtherKind: true });
      }
      return input.map((one: unknown, index) => item.read(one, [...path, index], report));
    },
    describe: () => ({
      ...(least && { minItems: 1 }),
      type: 'array',
      items: item.toJsonSchema(),
    }),
  });
}

/** An object with these keys and no others. */
export function group<F extends Fields>(fields: F): Shape<OutputOfFields<F>> {
  const message = 'expected an object';
  const entries = Object.entries(fields);
  const accepted = Object.keys(fields);
  return new Shape({
    message,
    read(input, path, report) {
      const output: Record<string, unknown> = {};
      if (!isObject(input)) report({ kind: 'value', path, input, message, isOtherKind: true });
      else {
        for (const [key, field] of entries) {
          const given = Object.hasOwn(input, key) ? input[key] : undefined;
          const read = field.read(given, [...path, key], report);
          if (read !== undefined) output[key] = read;
        }
        for (const key of Object.keys(input)) {
          if (!Object.hasOwn(fields, key)) report({ kind: 'unknown', path, key, accepted });
        }
      }
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field is what its shape made
      return output as OutputOfFields<F>;
    },
    describe() {
      const properties = Object.fromEntries(entries.map(([key, field]) => [key, field.toJsonSchema()]));
      const required = entries.filter(([, field]) => field.isNeeded).map(([key]) => key);
      return {
        type: 'object',
        properties,
        ...(required.length > 0 && { required }),
        additionalProperties: false,
      };
    },
  });
}

/** The same fields, each of which may be absent. */
export function partial<F extends Fields>(
  fields: F,
): { readonly [Key in keyof F]: Shape<Output<F[Key]> | undefined, true> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are the same
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.optional()])) as {
    readonly [Key in keyof F]: Shape<Output<F[Key]> | undefined, true>;
  };
}

/** An object with any keys that are such names, and such values. */
export function record<Out>(name: Shape<string>, item: Shape<Out>): Shape<Record<string, Out>> {
  const message = 'expected an object';
  return new Shape({
    message,
    read(input, path, report) {
      if (!isObject(input)) {
        report({ kind: 'value', path, input, message, isOtherKind: true });
        return {};
      }
      const entries: [string, Out][] = [];
      for (const [key, given] of Object.entries(input)) {
        const named = name.safeParse(key);
        if (named.success) entries.push([key, item.read(given, [...path, key], report)]);
        for (const fault of named.success ? [] : named.faults) {
          if (fault.kind === 'value') report({ kind: 'name', path: [...path, key], message: fault.message });
        }
      }
      return Object.fromEntries(entries);
    },
    describe: () => ({
      type: 'object',
      propertyNames: name.toJsonSchema(),
      additionalProperties: item.toJsonSchema(),
    }),
  });
}

/** One of two forms. Of faults only those of the form are told that is right as far as its kind goes. */
export function either<One, Other>(
  message: string,
  one: Shape<One>,
  other: Shape<Other>,
): Shape<One | Other> {
  return new Shape<One | Other>({
    message,
    read(input, path, report) {
      const faultsOf: ShapeFault[][] = [];
      for (const shape of [one, other]) {
        const faults: ShapeFault[] = [];
        const read = shape.read(input, path, (fault) => faults.push(fault));
        if (faults.length === 0) return read;
        faultsOf.push(faults);
      }
      const meant = faultsOf.find((faults) =>
        faults.every((fault) => fault.kind === 'unknown' || fault.path.length > path.length),
      );
      const own: ShapeFault = { kind: 'value', path, input, message, isOtherKind: false };
      for (const fault of meant ?? [own]) report(fault);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a fault was reported
      return undefined as One | Other;
    },
    describe: () => ({ anyOf: [one.toJsonSchema(), other.toJsonSchema()] }),
  });
}
