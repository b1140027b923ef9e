import { randomFillSync, randomUUID } from 'node:crypto';
import type { Ids } from '../ports/ids.ts';
import { formatSocketId } from '../protocol/socket-id.ts';

/** Ids drawn at random; 64 bits of it for a connection. */
export function createRandomIds(): Ids {
  const words = new Uint32Array(2);
  return {
    socketId() {
      randomFillSync(words);
      return formatSocketId(words[0] ?? 0, words[1] ?? 0);
    },
    webhookId: () => `msg_${randomUUID()}`,
    requestId: () => `req_${randomUUID()}`,
  };
}
