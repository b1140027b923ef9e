import * as z from 'zod';
import { configSchema } from './schema.ts';

/** The text of config/schema.json, with which editors check and complete a configuration file. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
