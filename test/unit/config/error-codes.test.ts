import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const documented = readFileSync(new URL('docs/troubleshooting.md', root), 'utf8');

/** Codes of Node.js and OpenSSL, which this program only forwards. */
const foreignCodes = /^ERR_(?:OSSL|SSL|TLS_CERT|INVALID_(?:URL|CHAR))/;

test('docs/troubleshooting.md explains every error code of the program', () => {
  const codes = new Set<string>();
  for (const name of readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const source = readFileSync(new URL(`src/${name}`, root), 'utf8');
    for (const [, code = ''] of source.matchAll(/'(ERR_[A-Z_]+)'/g))
      if (!foreignCodes.test(code)) codes.add(code);
  }
  expect(codes.size).toBeGreaterThan(30);
  expect([...codes].filter((code) => !documented.includes(`\`${code}\``))).toEqual([]);
});
