import * as z from 'zod';
import { configSchema } from './schema.ts';

/** Returns the text of config/schema.json, which editors use to check and complete a configuration file. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
