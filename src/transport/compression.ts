import type { CompressOptions } from 'uWebSockets.js';
import type { Uws } from './uws.ts';

/** How frames are compressed, by permessage-deflate. */
export interface Compression {
  readonly native: CompressOptions;
  /** Frames of this length and more are; for shorter ones it costs more than it saves. */
  readonly minLength: number;
}

/** Below it the head of a TCP segment weighs more than what compression saves. */
const minCompressedLength = 256;

/**
 * Each frame is compressed by itself. A window for each connection costs twice the CPU and 75 KB more memory, and
 * saves nothing: the native library does not let one frame refer to those before it.
 */
export function createCompression(uws: Uws, isOn: boolean): Compression {
  if (!isOn) return { native: uws.DISABLED, minLength: Infinity };
  return { native: uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR, minLength: minCompressedLength };
}
