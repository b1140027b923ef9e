/**
 * A text as the native library must receive it, so that it writes UTF-8. Under Node 24 it writes texts whose characters all fit into
 * one byte as Latin-1: `é` becomes a byte that is no valid UTF-8, and clients close the connection. Bytes are written unchanged.
 */
export function nativeText(text: string): string | Buffer {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text);
}
