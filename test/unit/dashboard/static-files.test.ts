import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createStaticFiles, gzipOptions } from '../../../src/dashboard/static-files.ts';

const html = '<!doctype html><title>page</title>';
const script = 'console.log("page")'.repeat(20);

/** A folder for the page, and a function that writes the files. */
function place(): { readonly folder: string; build(): void } {
  const root = mkdtempSync(join(tmpdir(), 'soketify-page-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'dashboard');
  return {
    folder,
    build() {
      mkdirSync(folder);
      for (const [name, text] of [
        ['index.html', html],
        ['main-ABC.js', script],
      ] as const) {
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text));
      }
      writeFileSync(join(folder, 'notes.br'), brotliCompressSync('not for the page'));
      writeFileSync(join(folder, 'unpacked.js'), 'not packed');
    },
  };
}

function built() {
  const { folder, build } = place();
  build();
  return createStaticFiles(['/nowhere', folder]);
}

describe('the files of the page', () => {
  test('are cached by browsers forever, except the index', () => {
    const files = built();
    expect(files.answer('index.html', '')).toMatchObject({
      status: 200,
      contentType: 'text/html; charset=utf-8',
      body: Buffer.from(html),
      headers: { 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' },
    });
    expect(files.answer('main-ABC.js', '')).toMatchObject({
      contentType: 'text/javascript; charset=utf-8',
      body: Buffer.from(script),
      headers: { 'Cache-Control': 'max-age=31536000, immutable' },
    });
  });

  test.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['BR;q=0.5, gzip;q=1', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.000,gzip; q=0', undefined],
    ['', undefined],
    ['identity', undefined],
    ['brotli', undefined],
  ])('are sent for %j as %s', (accepted, encoding) => {
    const { headers, body } = built().answer('main-ABC.js', accepted);
    expect(headers?.['Content-Encoding']).toBe(encoding);
    const bytes = { br: brotliCompressSync(script), gzip: gzipSync(script, gzipOptions) };
    expect(body).toEqual(encoding === undefined ? Buffer.from(script) : bytes[encoding as 'br' | 'gzip']);
  });

  test.each([
    'nothing.js',
    'notes',
    'unpacked.js',
    'main-ABC.js.br',
    '../dashboard/index.html',
    '',
    '__proto__',
    '/etc/passwd',
  ])('are no others: %j', (name) => {
    expect(built().answer(name, 'br')).toMatchObject({
      status: 404,
      body: 'The Dashboard has no such file',
      headers: { 'Cache-Control': 'no-store' },
    });
  });

  test('have the headers that keep other pages out, also in a 404 response', () => {
    for (const name of ['index.html', 'nothing.js']) {
      expect(built().answer(name, '').headers).toMatchObject({
        'Content-Security-Policy': expect.stringMatching(
          /^default-src 'none'; .*frame-ancestors 'none'; require-trusted-types-for 'script'/,
        ) as string,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Resource-Policy': 'same-origin',
      });
    }
  });

  test('that were missing are found after a build', () => {
    const { folder, build } = place();
    const files = createStaticFiles([folder]);
    expect(files.answer('index.html', '')).toMatchObject({
      status: 503,
      body: 'The page of the Dashboard was not built; run "npm run build"',
    });
    build();
    expect(files.answer('index.html', '').status).toBe(200);
  });
});
