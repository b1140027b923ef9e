import { expect, test } from 'vitest';
import { nativeText } from '../../../src/transport/native-text.ts';

test('a text of ASCII characters stays a text, which the native library copies fastest', () => {
  expect(nativeText('{"event":"pusher:pong"}')).toBe('{"event":"pusher:pong"}');
});

// Under Node 24, uWebSockets.js writes `é` as one byte, and clients close the connection for invalid UTF-8.
test.each([
  ['é', [0xc3, 0xa9]],
  ['€', [0xe2, 0x82, 0xac]],
  ['😀', [0xf0, 0x9f, 0x98, 0x80]],
  ['\ud800', [0xef, 0xbf, 0xbd]],
])('the text %j becomes its bytes in UTF-8', (text, bytes) => {
  expect(nativeText(text)).toEqual(Buffer.from(bytes));
});
