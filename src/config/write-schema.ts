// Writes config/schema.json from the schema of the code. With --check it only tells whether the file is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchemaText } from './json-schema.ts';

const file = fileURLToPath(new URL('../../config/schema.json', import.meta.url));
const text = jsonSchemaText();

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  process.stderr.write(
    'config/schema.json is stale: it does not match src/config/schema.ts; run "npm run schema"\n',
  );
  process.exitCode = 1;
}
