// Records the SHA-256 of each native binary in the pinned package. `transport/native.ts` compares the binaries with them.
// Run it whenever package.json pins another version, and review the result.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../node_modules/uWebSockets.js/', import.meta.url));
const { name, version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'));
const files = readdirSync(folder).filter((file) => file.endsWith('.node'));
const rows = files.toSorted().map((file) => {
  const checksum = createHash('sha256')
    .update(readFileSync(folder + file))
    .digest('hex');
  return `  '${file}': '${checksum}',\n`;
});
writeFileSync(
  fileURLToPath(new URL('../transport/native-checksums.ts', import.meta.url)),
  `// Made by \`npm run native-checksums\`.

/** The package that contains these binaries. */
export const nativePackage = '${name}@${version}';

/** The SHA-256 of each native binary, in hex, by file name. */
export const nativeChecksums: Readonly<Record<string, string>> = {
${rows.join('')}};
`,
);
