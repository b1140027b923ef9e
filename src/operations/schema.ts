/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** An object with only these fields. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(required.length > 0 && { required }),
  };
}

/** A list of items. */
export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const whole: Schema = { type: 'integer' };

/** The same schema with a description. */
export function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

/** Milliseconds. */
export function millis(description: string): Schema {
  return { type: 'number', minimum: 0, description };
}

/** An empty answer. */
export const done = object({});
