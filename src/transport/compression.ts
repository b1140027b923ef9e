import type { CompressOptions } from 'uWebSockets.js';
import type { Uws } from './uws.ts';

/** permessage-deflate: not at all, each frame by itself, or with what was sent before on the connection. */
export type CompressionMode = 'off' | 'shared' | 'dedicated';

/** How frames are compressed. */
export interface Compression {
  readonly native: CompressOptions;
  /** Frames of this length and more are; for shorter ones it costs more than it saves. */
  readonly minLength: number;
}

/** Below it the head of a TCP segment weighs more than what compression saves. */
const minCompressedLength = 256;

export function createCompression(uws: Uws, mode: CompressionMode): Compression {
  if (mode === 'off') return { native: uws.DISABLED, minLength: Infinity };
  const compressor = mode === 'shared' ? uws.SHARED_COMPRESSOR : uws.DEDICATED_COMPRESSOR_16KB;
  // Clients send little: each of their frames stands by itself, which takes no memory.
  return { native: compressor | uws.SHARED_DECOMPRESSOR, minLength: minCompressedLength };
}
