import { expect, test } from 'vitest';
import { PendingCommands } from '../../../src/apps/pending-commands.ts';
import { decode } from '../../../src/protocol/decode.ts';

const mebibyte = 1024 * 1024;
const command = decode('{"event":"pusher:subscribe","data":{"channel":"a"}}');

test('4 MB may wait, including the cost of keeping each command', () => {
  const pending = new PendingCommands(256 * 1024);
  for (let count = 0; count < 4; count += 1) pending.push(command, mebibyte - 100);
  expect(pending.isTooMuch).toBe(false);
  pending.push(command, 0);
  expect(pending.isTooMuch).toBe(true);
  pending.shift();
  expect(pending.isTooMuch).toBe(false);
});

test('two of the largest frames may wait, however large they are', () => {
  const frameBytes = 12 * mebibyte;
  const pending = new PendingCommands(frameBytes);
  for (let count = 0; count < 2; count += 1) pending.push(command, frameBytes);
  expect(pending.isTooMuch).toBe(false);
  pending.push(command, frameBytes);
  expect(pending.isTooMuch).toBe(true);
});
