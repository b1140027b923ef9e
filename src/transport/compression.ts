import type { CompressOptions } from 'uWebSockets.js';
import type { Uws } from './uws.ts';

/** How frames are compressed, by permessage-deflate. */
export interface Compression {
  readonly native: CompressOptions;
  /** Shorter frames are not compressed, because it costs more than it saves. */
  readonly minLength: number;
}

/** Below this, the head of a TCP segment weighs more than compression saves. */
const minCompressedLength = 256;

/**
 * Each frame is compressed by itself. A window for each connection would double the CPU time, take 75 KB more memory and save
 * nothing, because the native library does not let a frame refer to earlier ones.
 */
export function createCompression(uws: Uws, isOn: boolean): Compression {
  if (!isOn) return { native: uws.DISABLED, minLength: Infinity };
  return { native: uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR, minLength: minCompressedLength };
}
