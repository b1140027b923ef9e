import { randomFillSync, randomUUID } from 'node:crypto';
import type { Ids } from '../ports/ids.ts';
import { formatSocketId } from '../protocol/socket-id.ts';

/** How many random words are generated at a time. Generating two at a time would take a tenth of the time for accepting a connection. */
const drawn = 512;

/** Creates random ids. The id of a connection has 64 random bits. */
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
