/** A value with all optional fields at every depth, and an item in each list. */
export type Full<Value> = Value extends string | number | boolean | null
  ? Value
  : Value extends readonly (infer Item)[]
    ? readonly [Full<Item>, ...Full<Item>[]]
    : { readonly [Field in keyof Value]-?: Full<Required<Value>[Field]> };
