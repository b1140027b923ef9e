import { object, whole, type Schema } from '../../operations/schema.ts';

/** The schemas of the admin API's document, by name. */
export type SchemaName =
  | 'Self'
  | 'Clock'
  | 'Overview'
  | 'Series'
  | 'ConsoleRow'
  | 'ConsoleRows'
  | 'Error'
  | 'App'
  | 'AppInput'
  | 'AppSettings'
  | 'Key'
  | 'KeyPair'
  | 'Endpoint'
  | 'EndpointInput'
  | 'BatchInput'
  | 'Pause'
  | 'Queue'
  | 'Test'
  | 'Request'
  | 'Verify'
  | 'Delivery'
  | 'DeliveryDetail'
  | 'DeliveryPage'
  | 'Attempt'
  | 'Event'
  | 'EventPage'
  | 'Cause'
  | 'Fate'
  | 'Channel'
  | 'ChannelPage'
  | 'ChannelDetail'
  | 'Connection'
  | 'Timeline'
  | 'Span'
  | 'Truth'
  | 'Difference'
  | 'Lanes'
  | 'Lane'
  | 'LaneBatch';

/** Refers to a schema of the document. */
export function ref(name: SchemaName): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** The fields that an object of this type may lack. */
type OptionalField<View> = {
  [Field in keyof View]-?: Partial<Pick<View, Field>> extends Pick<View, Field> ? Field : never;
}[keyof View];

/** Schemas for some fields of a type. */
export type FieldSchemas<Field extends PropertyKey> = Readonly<Record<Field, Schema>>;

/** Schemas for the fields that an object of this type always has. */
export type RequiredFields<View> = FieldSchemas<Exclude<keyof View, OptionalField<View>>>;

/** Schemas for the fields that an object of this type may lack. */
export type OptionalFields<View> = FieldSchemas<OptionalField<View>>;

/**
 * The schema of an interface: the fields that it always has, then those that it may lack. The compiler refuses a field
 * that is missing, or in the wrong of the two.
 */
export function viewOf<View>(
  required: RequiredFields<View>,
  ...[optional]: [OptionalField<View>] extends [never] ? [] : [OptionalFields<View>]
): Schema {
  return object({ ...required, ...optional }, Object.keys(required));
}

/** One of a few words; the compiler refuses a list that is not complete. */
export function oneOf<Word extends string>(words: Readonly<Record<Word, true>>): Schema {
  return { type: 'string', enum: Object.keys(words) };
}

/** How many. */
export const count: Schema = { ...whole, minimum: 0 };

/** Any number. */
export const number: Schema = { type: 'number' };

/** Texts by name, such as headers. */
export const texts: Schema = { type: 'object', additionalProperties: { type: 'string' } };
