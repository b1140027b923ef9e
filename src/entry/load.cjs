'use strict';

// Loads what is built, `program.cjs` beside this file, without compiling it: that takes longer than all the rest of a start.
// V8 can keep what it compiled. The build does so for the Node that builds; with another one the first server that may
// write here does it for those that follow. What was kept is passed over if anything about it is not as it should be, and
// the script compiled as usual: it is older than the script, of another build or damaged (the checksum), or V8 refuses it
// (another version, other flags). NODE_DISABLE_COMPILE_CACHE=1 has none read or written.
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

/** The build lets the script begin with a comment that holds its checksum, and have no character beyond ASCII. */
const nameBytes = 80;
const checksumBytes = 32;

const isKept = !process.env.NODE_DISABLE_COMPILE_CACHE;
/** Both files are read into the same place, because none of it is needed later. */
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

/** What was compiled before; undefined: there is nothing that can be used. */
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

/** Keeps what is compiled by now, if it can be written. */
function keepCompiled() {
  const data = script.createCachedData();
  const draft = `${compiledFile}.${process.pid}`;
  try {
    mkdirSync(path.dirname(compiledFile), { recursive: true });
    writeFileSync(draft, Buffer.concat([checksumOf(data), data]));
    renameSync(draft, compiledFile);
  } catch {
    // Where programs are installed their users mostly may not write. The next start compiles again.
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
  /** Whether nothing was there that was compiled before, and what is compiled now may be kept. */
  wantsKeeping: isKept && cachedData === undefined,
};
