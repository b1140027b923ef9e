import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** The answer of a name server for a name: addresses with their seconds, that there is no such name, or nothing at all. */
export type NameAnswer =
  | { readonly v4?: readonly string[]; readonly v6?: readonly string[]; readonly ttl?: number }
  | 'no such name'
  | 'failure'
  | 'silence';

export interface NameServer {
  /** As `address:port`. */
  readonly address: string;
  /** The questions, as `NAME A` or `NAME AAAA`. */
  readonly questions: string[];
}

const typeA = 1;
const typeAaaa = 28;

/** A name server on a loopback UDP socket. */
export async function startNameServer(
  answer: (name: string, type: 'A' | 'AAAA') => NameAnswer,
): Promise<NameServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query);
    const kind = type === typeAaaa ? 'AAAA' : 'A';
    questions.push(`${name} ${kind}`);
    const planned = answer(name, kind);
    if (planned !== 'silence') socket.send(reply(query.subarray(0, end), type, planned), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, questions };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function reply(question: Buffer, type: number, planned: Exclude<NameAnswer, 'silence'>): Buffer {
  const { v4 = [], v6 = [], ttl = 60 } = typeof planned === 'string' ? {} : planned;
  const data =
    type === typeA ? v4.map((one) => Buffer.from(one.split('.').map(Number))) : v6.map((one) => bytesOf(one));
  const status = planned === 'no such name' ? 3 : planned === 'failure' ? 2 : 0;
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | status, 2);
  head.writeUInt16BE(data.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const records = data.map((bytes) => {
    const record = Buffer.alloc(12);
    // The name is that of the question.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(ttl, 6);
    record.writeUInt16BE(bytes.length, 10);
    return Buffer.concat([record, bytes]);
  });
  return Buffer.concat([head, ...records]);
}

/** `::1` and the like: without an IPv4 address in it. */
function bytesOf(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const before = words(head);
  const after = words(tail ?? '');
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 255]));
}
