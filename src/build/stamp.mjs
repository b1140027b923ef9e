// Checks whether dist/ is up to date. A build records what it has read and written, by content and not by time: a `git checkout` of
// other sources causes a build, and one that changes nothing does not.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

/** What a build reads, besides the packages in the lock file. */
const inputs = ['src', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** Whether the last build under this root is complete, and was made from the current files for this version of Node. */
export function isBuilt(root) {
  try {
    const { input, outputs } = JSON.parse(readFileSync(stampOf(root), 'utf8'));
    return (
      input === digestOf(root) && outputs.every(([file, size]) => statSync(`${root}/${file}`).size === size)
    );
  } catch {
    return false; // There is no build, it was interrupted, or a part of it is missing.
  }
}

/** Records that dist/ was built from the current files. */
export function recordBuild(root) {
  const outputs = filesIn(root, 'dist').map((file) => [file, statSync(`${root}/${file}`).size]);
  writeFileSync(stampOf(root), JSON.stringify({ input: digestOf(root), outputs }));
}

function stampOf(root) {
  return `${root}/dist/stamp.json`;
}

function digestOf(root) {
  // The code that V8 has compiled works only with this version of Node.
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  for (const file of inputs.flatMap((input) => filesIn(root, input))) {
    const content = readFileSync(`${root}/${file}`);
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** Returns the files in this folder, or the file itself, relative to the root and in a fixed order. */
function filesIn(root, path) {
  if (!statSync(`${root}/${path}`).isDirectory()) return [path];
  return readdirSync(`${root}/${path}`, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(root, `${path}/${entry.name}`) : [`${path}/${entry.name}`],
    );
}
