// Records the SHA-256 of each native binary that the pinned package has, for `transport/native.ts` to compare with.
// To be run, and its outcome to be reviewed, whenever package.json pins another version.
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

/** The package whose binaries these are. */
export const nativePackage = '${name}@${version}';

/** SHA-256 of each native binary, in hex, by the name of its file. */
export const nativeChecksums: Readonly<Record<string, string>> = {
${rows.join('')}};
`,
);
