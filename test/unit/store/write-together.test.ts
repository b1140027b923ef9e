import { EventEmitter, once } from 'node:events';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { writeTogether } from '../../../src/store/redis/link/write-together.ts';

/** A connection that records what it sends in each system call. */
function openStream() {
  const sent: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      sent.push(chunk);
      done();
    },
    writev(chunks, done) {
      sent.push(chunks.map(({ chunk }) => String(chunk)).join(' '));
      done();
    },
  });
  return { stream, sent };
}

function connect() {
  const { stream, sent } = openStream();
  const client = Object.assign(new EventEmitter(), { stream });
  writeTogether(client as unknown as Redis);
  client.emit('ready');
  return { client, stream, sent };
}

test('the commands of a turn are sent together, in their order, and those of the next turn after them', async () => {
  const { stream, sent } = connect();
  stream.write('one');
  await Promise.resolve();
  stream.write('two');
  process.nextTick(() => stream.write('three'));
  expect(sent).toEqual([]);
  await nextTurn();
  stream.write('four');
  await nextTurn();
  expect(sent).toEqual(['one two three', 'four']);
});

test('a connection that is closed in the same turn sends its commands first', async () => {
  const { stream, sent } = connect();
  stream.write('one');
  stream.write('two');
  stream.end();
  await once(stream, 'finish');
  expect(sent).toEqual(['one two']);
});

test('a later connection of the client does the same', async () => {
  const { client } = connect();
  const { stream, sent } = openStream();
  client.stream = stream;
  client.emit('ready');
  stream.write('one');
  stream.write('two');
  await nextTurn();
  expect(sent).toEqual(['one two']);
});
