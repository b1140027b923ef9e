'use strict';

// Loads the built script, `program.cjs` next to this file, without compiling it, because compiling takes longer than the rest of a
// start. V8 can cache compiled code. The build writes the cache for its own version of Node; for another version, the first server
// that may write here does it. The cache is ignored, and the script compiled as usual, if the cache is older than the script, if it
// belongs to another build or is damaged (the checksum), or if V8 refuses it (another version, other flags).
// NODE_DISABLE_COMPILE_CACHE=1 disables reading and writing it.
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

const programFile = path.join(__dirname, 'program.cjs');
const compiledFile = path.join(
  __dirname,
  'compiled',
  `${process.version}-${process.platform}-${process.arch}`,
);

/** The built script begins with a comment of this size that contains its checksum. It has only ASCII characters. */
const nameBytes = 80;
const checksumBytes = 32;

const isKept = !process.env.NODE_DISABLE_COMPILE_CACHE;
/** Both files are read into the same buffer, because their content is not needed later. */
let place = Buffer.allocUnsafeSlow(0);
const { name, text, mtimeMs } = readProgram();
const cachedData = isKept ? readCompiled() : undefined;
const script = new Script(text, { filename: programFile, cachedData });
place = undefined;
const program = { exports: {} };
script.runInThisContext()(program.exports, require, program, programFile, __dirname);

function readProgram() {
  const file = readWithTime(programFile);
  return {
    name: file.content.toString('latin1', 0, nameBytes),
    text: file.content.latin1Slice(),
    mtimeMs: file.mtimeMs,
  };
}

/** Returns the cached compiled code; undefined if there is none that can be used. */
function readCompiled() {
  try {
    const file = readWithTime(compiledFile);
    const data = file.content.subarray(checksumBytes);
    const isOurs = checksumOf(data).equals(file.content.subarray(0, checksumBytes));
    return isOurs && file.mtimeMs >= mtimeMs ? data : undefined;
  } catch {
    return undefined; // Usually there is no such file.
  }
}

/** Stores the code that is compiled so far, if the file can be written. */
function keepCompiled() {
  const data = script.createCachedData();
  const draft = `${compiledFile}.${process.pid}`;
  try {
    mkdirSync(path.dirname(compiledFile), { recursive: true });
    writeFileSync(draft, Buffer.concat([checksumOf(data), data]));
    renameSync(draft, compiledFile);
  } catch {
    // Users usually may not write where programs are installed. The next start compiles again.
    rmSync(draft, { force: true });
  }
}

function checksumOf(data) {
  return createHash('sha256').update(name).update(data).digest();
}

function readWithTime(file) {
  const descriptor = openSync(file, 'r');
  try {
    const { size, mtimeMs: changedMs } = fstatSync(descriptor);
    if (size > place.length) place = Buffer.allocUnsafeSlow(Math.ceil(1.25 * size));
    return { content: place.subarray(0, readSync(descriptor, place, 0, size)), mtimeMs: changedMs };
  } finally {
    closeSync(descriptor);
  }
}

module.exports = {
  ...program.exports,
  keepCompiled,
  /** Whether there was no usable cache, and caching is not disabled. */
  wantsKeeping: isKept && cachedData === undefined,
};
