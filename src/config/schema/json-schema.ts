import { toJsonSchema } from '@valibot/to-json-schema';
import { configSchema } from './schema.ts';

/** Returns the text of config/schema.json, which editors use to check and complete a configuration file. */
export function jsonSchemaText(): string {
  const schema = toJsonSchema(configSchema, {
    target: 'draft-07',
    typeMode: 'input',
    // What only code can check is left out.
    ignoreActions: ['check'],
    overrideSchema: ({ jsonSchema: { required, ...rest } }) => (required?.length === 0 ? rest : undefined),
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
