// Whether dist/ is what a build would make now. The build records what it read and what it wrote; contents count and times
// do not, so that a `git checkout` of other sources is noticed, and one that changes nothing is not.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

/** What a build reads, beside the packages that the lock file names. */
const inputs = ['src', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** Whether the last build under this root is complete, and was made of the files that are there now, for this Node. */
export function isBuilt(root) {
  try {
    const { input, outputs } = JSON.parse(readFileSync(stampOf(root), 'utf8'));
    return (
      input === digestOf(root) && outputs.every(([file, size]) => statSync(`${root}/${file}`).size === size)
    );
  } catch {
    return false; // There is no build, or one that was interrupted, or a part of it has gone.
  }
}

/** Records that dist/ was built of the files that are there now. */
export function recordBuild(root) {
  const outputs = filesIn(root, 'dist').map((file) => [file, statSync(`${root}/${file}`).size]);
  writeFileSync(stampOf(root), JSON.stringify({ input: digestOf(root), outputs }));
}

function stampOf(root) {
  return `${root}/dist/stamp.json`;
}

function digestOf(root) {
  // What V8 has compiled is for this Node alone.
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`);
  for (const file of inputs.flatMap((input) => filesIn(root, input))) {
    const content = readFileSync(`${root}/${file}`);
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** The files in this folder, or the file itself, relative to the root and in a fixed order. */
function filesIn(root, path) {
  if (!statSync(`${root}/${path}`).isDirectory()) return [path];
  return readdirSync(`${root}/${path}`, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(root, `${path}/${entry.name}`) : [`${path}/${entry.name}`],
    );
}
