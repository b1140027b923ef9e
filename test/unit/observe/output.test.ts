import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Output } from '../../../src/observe/output.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** A reader of lines, which reads only on request. */
function startStage() {
  const read: string[] = [];
  let taking: (() => void) | undefined;
  let isReading = false;
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      const take = (): void => {
        if (line !== '') read.push(line);
        done();
      };
      if (isReading) take();
      else taking = take;
    },
  });
  const output = new Output(stream, (lines) => output.write(`dropped ${lines}\n`));
  return {
    read,
    output,
    stream,
    async readOn() {
      isReading = true;
      taking?.();
      taking = undefined;
      // Everything written before has been read when this has.
      await new Promise((resolve) => stream.write('', resolve));
      await new Promise(setImmediate);
    },
  };
}

const line = `${'x'.repeat(kibibyte - 1)}\n`;

describe('lines that are not read', () => {
  test('wait up to 8 MB; beyond that they are dropped and counted', () => {
    const { output, stream } = startStage();
    for (let n = 0; n < 20_000; n += 1) output.write(line);
    expect(stream.writableLength).toBe(8 * mebibyte);
    expect(output.dropped).toBe(20_000 - 8 * kibibyte);
  });

  test('are read when the reader continues, and one line reports how many were dropped', async () => {
    const { output, read, readOn } = startStage();
    for (let n = 0; n < 10_000; n += 1) output.write(line);
    await readOn();
    output.write('after\n');
    expect(read).toHaveLength(8 * kibibyte + 2);
    expect(read.slice(-2)).toEqual([`dropped ${10_000 - 8 * kibibyte}\n`, 'after\n']);
    // The dropped lines are reported, and no others are dropped.
    await readOn();
    expect(read.at(-1)).toBe('after\n');
    expect(output.dropped).toBe(10_000 - 8 * kibibyte);
  });

  test('leave space for the last lines of a graceful shutdown', async () => {
    const { output, read, readOn } = startStage();
    for (let n = 0; n < 10_000; n += 1) output.write(line);
    output.close();
    output.write('closing\n');
    output.write('closed\n');
    const flushed = output.flush();
    await readOn();
    await flushed;
    expect(read.slice(-3)).toEqual([`dropped ${10_000 - 8 * kibibyte}\n`, 'closing\n', 'closed\n']);
  });

  test('do not delay a shutdown when the reader has exited', async () => {
    const { output, stream } = startStage();
    stream.on('error', () => {});
    output.write(line);
    const flushed = output.flush();
    stream.destroy(new Error('EPIPE'));
    await flushed;
    output.write(line);
    await output.flush();
  });
});
