'use strict';

// Loads the built scripts in this folder without compiling them, because compiling takes longer than the rest of a start. V8 can
// cache compiled code. The build writes the caches for its own version of Node; for another version, the first server that may write
// here does it. A cache is ignored, and its script compiled as usual, if it is older than the script, if it belongs to another build
// or is damaged (the checksum), or if V8 refuses it (another version, other flags).
// NODE_DISABLE_COMPILE_CACHE=1 disables reading and writing caches.
const { createHash } = require('node:crypto');
const {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const path = require('node:path');
const { Script } = require('node:vm');

/** A built script begins with a comment of this size that contains its checksum. It has only ASCII characters. */
const nameBytes = 80;
const checksumBytes = 32;

const isCaching = !process.env.NODE_DISABLE_COMPILE_CACHE;
/** The scripts that were opened, by name. */
const opened = new Map();
const program = open('program');

/** Returns the exports of a script, which is evaluated at the first call. */
function open(name) {
  const known = opened.get(name);
  if (known !== undefined) return known.module.exports;
  const file = path.join(__dirname, `${name}.cjs`);
  const compiledFile = path.join(
    __dirname,
    'compiled',
    `${name}-${process.version}-${process.platform}-${process.arch}`,
  );
  // Both files are read into the same buffer, because their content is not needed later.
  const text = readFile(file);
  const identity = text.content.toString('latin1', 0, nameBytes);
  const source = text.content.latin1Slice();
  const cachedData = isCaching ? readCompiled(compiledFile, identity, text) : undefined;
  const script = new Script(source, { filename: file, cachedData });
  const module = { exports: {} };
  opened.set(name, { module, script, compiledFile, identity, isCached: cachedData !== undefined });
  script.runInThisContext()(module.exports, requireFrom, module, file, __dirname);
  return module.exports;
}

/** What the scripts require with. ioredis is a script of its own, because only nodes on Redis need it. */
function requireFrom(name) {
  return name === 'ioredis' ? open(name) : require(name);
}

/** Returns the cached compiled code; undefined if there is none that can be used. `place` is overwritten. */
function readCompiled(compiledFile, identity, { place, mtimeMs }) {
  try {
    const file = readFile(compiledFile, place);
    const data = file.content.subarray(checksumBytes);
    const isOurs = checksumOf(identity, data).equals(file.content.subarray(0, checksumBytes));
    return isOurs && file.mtimeMs >= mtimeMs ? data : undefined;
  } catch {
    return undefined; // Usually there is no such file.
  }
}

/** Stores the code that is compiled so far of the scripts that had no usable cache, if the files can be written. */
function keepCompiled() {
  for (const { script, compiledFile, identity, isCached } of opened.values()) {
    if (!isCached) keep(compiledFile, identity, script.createCachedData());
  }
}

function keep(compiledFile, identity, data) {
  const draft = `${compiledFile}.${process.pid}`;
  try {
    mkdirSync(path.dirname(compiledFile), { recursive: true });
    writeFileSync(draft, Buffer.concat([checksumOf(identity, data), data]));
    renameSync(draft, compiledFile);
  } catch {
    // Users usually may not write where programs are installed. The next start compiles again.
    rmSync(draft, { force: true });
  }
}

function checksumOf(identity, data) {
  return createHash('sha256').update(identity).update(data).digest();
}

/** Reads a file into `place` if it is large enough. Otherwise, the result has a larger one. */
function readFile(name, place = Buffer.alloc(0)) {
  const descriptor = openSync(name, 'r');
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    const large = size > place.length ? Buffer.allocUnsafeSlow(Math.ceil(1.25 * size)) : place;
    return { content: large.subarray(0, readSync(descriptor, large, 0, size)), place: large, mtimeMs };
  } finally {
    closeSync(descriptor);
  }
}

module.exports = {
  ...program,
  isCaching,
  keepCompiled,
  /** Returns the package, which the program loads if there is a Redis. */
  openIoredis: () => open('ioredis'),
};
