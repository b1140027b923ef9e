import { randomFillSync, randomUUID } from 'node:crypto';
import type { Ids } from '../ports/ids.ts';
import { formatSocketId } from '../protocol/socket-id.ts';

/** How many words are drawn together: drawing two at a time takes a tenth of accepting a connection. */
const drawn = 512;

/** Random ids. A connection's has 64 random bits. */
export function createRandomIds(): Ids {
  const words = new Uint32Array(drawn);
  let next = drawn;
  return {
    socketId() {
      if (next >= drawn) {
        randomFillSync(words);
        next = 0;
      }
      next += 2;
      return formatSocketId(words[next - 2] ?? 0, words[next - 1] ?? 0);
    },
    webhookId: () => `msg_${randomUUID()}`,
    requestId: () => `req_${randomUUID()}`,
  };
}
