import type { IncomingMessage } from 'node:http';
import { mostBodyBytes } from '../protocol/bounds.ts';

/** More than any webhook: batches have at most 64 MB, and no event is larger than a message. */
const maxBodyBytes = mostBodyBytes;

type Body =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' }
  /** The sender disconnected before it had sent the whole body. */
  | { readonly kind: 'gone' };

/** Reads the raw bytes of a request body. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Uint8Array) => {
      length += chunk.byteLength;
      if (length > maxBodyBytes) resolve({ kind: 'too_large' });
      else chunks.push(chunk);
    });
    request.once('end', () => resolve({ kind: 'read', bytes: Buffer.concat(chunks) }));
    request.once('error', () => resolve({ kind: 'gone' }));
    request.once('close', () => resolve({ kind: 'gone' }));
  });
}
