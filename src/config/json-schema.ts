import { configSchema } from './schema.ts';

/** The text of config/schema.json: what editors check and complete a configuration file with. */
export function jsonSchemaText(): string {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...configSchema.toJsonSchema() };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
