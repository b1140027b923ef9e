// Collects the licences of the bundled packages, which must be shipped with the build.
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Returns the name, version and licence text of each package that contains one of these files. Throws if a package has no licence text. */
export function noticesOf(root, sources) {
  const folders = new Set(
    sources.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(resolve(root, file)) ?? []),
  );
  return [...folders]
    .map(noticeOf)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join('\n');
}

function noticeOf(folder) {
  const names = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  if (names.length === 0) throw new Error(`${name} has no file with its licence, which must be shipped`);
  const texts = names.map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}
