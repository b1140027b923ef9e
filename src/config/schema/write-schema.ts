// Writes config/schema.json and the tables of docs/configuration.md from the schema in the code.
// With --check, it changes nothing, and exits with 1 if one of them is out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchemaText } from './json-schema.ts';
import { withKeyTables } from './reference.ts';

const root = new URL('../../../', import.meta.url);
const reference = read('docs/configuration.md');

update('config/schema.json', jsonSchemaText());
update('docs/configuration.md', withKeyTables(reference));

function update(name: string, text: string): void {
  if (read(name) === text) return;
  if (!process.argv.includes('--check')) {
    writeFileSync(fileURLToPath(new URL(name, root)), text);
    return;
  }
  process.stderr.write(
    `${name} is out of date: it does not match src/config/schema/schema.ts. Run "npm run schema"\n`,
  );
  process.exitCode = 1;
}

function read(name: string): string {
  const file = fileURLToPath(new URL(name, root));
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
