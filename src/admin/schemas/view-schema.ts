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

/** A reference to a schema of the document. */
export function ref(name: SchemaName): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** The optional fields of a type. */
type OptionalField<View> = {
  [Field in keyof View]-?: Partial<Pick<View, Field>> extends Pick<View, Field> ? Field : never;
}[keyof View];

/** Schemas for some fields of a type. */
export type FieldSchemas<Field extends PropertyKey> = Readonly<Record<Field, Schema>>;

/** Schemas for the required fields of a type. */
export type RequiredFields<View> = FieldSchemas<Exclude<keyof View, OptionalField<View>>>;

/** Schemas for the optional fields of a type. */
export type OptionalFields<View> = FieldSchemas<OptionalField<View>>;

/**
 * The schema of an interface: first its required fields, then its optional ones. The compiler refuses a field that is
 * missing or in the wrong group.
 */
export function viewOf<View>(
  required: RequiredFields<View>,
  ...[optional]: [OptionalField<View>] extends [never] ? [] : [OptionalFields<View>]
): Schema {
  return object({ ...required, ...optional }, Object.keys(required));
}

/** An enumeration of words. The compiler refuses an incomplete list. */
export function oneOf<Word extends string>(words: Readonly<Record<Word, true>>): Schema {
  return { type: 'string', enum: Object.keys(words) };
}

/** A whole number that is not negative. */
export const count: Schema = { ...whole, minimum: 0 };

/** Any number. */
export const number: Schema = { type: 'number' };

/** Strings by name, such as headers. */
export const texts: Schema = { type: 'object', additionalProperties: { type: 'string' } };
