import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nativeChecksums, nativePackage } from '../../../src/transport/native-checksums.ts';
import { nativeFault } from '../../../src/transport/native.ts';
import { loadUws } from '../../../src/transport/uws.ts';

const folder = dirname(createRequire(import.meta.url).resolve('uWebSockets.js'));

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A file that represents a binary. */
function binary(content: string, name = 'uws_a_b_1.node'): string {
  const place = mkdtempSync(join(tmpdir(), 'soketify-native-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  const file = join(place, name);
  writeFileSync(file, content);
  return file;
}

describe('the recorded checksums', () => {
  test('are those of the package that package.json pins', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies['uWebSockets.js']).toBe(`npm:${nativePackage}`);
  });

  test('are those of every binary in it', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.node'));
    const found = files.map((file) => [file, sha256(readFileSync(join(folder, file)))]);
    expect(Object.fromEntries(found)).toEqual(nativeChecksums);
  });
});

describe('the native binary', () => {
  const checksums = { 'uws_a_b_1.node': sha256('recorded') };

  test('is trusted as it is installed', () => {
    expect(nativeFault({ env: {} })).toBeUndefined();
  });

  test('is trusted if it is the recorded one', () => {
    expect(nativeFault({ file: binary('recorded'), checksums, env: {} })).toBeUndefined();
  });

  test('is not trusted if it is another one: the message states what was found, what was expected and what to do', () => {
    const file = binary('altered');
    const fault = nativeFault({ file, checksums, env: {} });
    expect(fault).not.toContain('\n');
    expect(fault).toContain(file);
    expect(fault).toContain(`its SHA-256 is ${sha256('altered')}; expected ${sha256('recorded')}`);
    expect(fault).toContain('npm ci');
    expect(fault).toContain('SOKETIFY_NATIVE_SHA256');
  });

  test('is not trusted if none is recorded for it', () => {
    const fault = nativeFault({ file: binary('recorded', 'uws_a_b_2.node'), checksums, env: {} });
    expect(fault).toContain('expected a recorded checksum, but there is none for this file');
  });

  test('is trusted if the environment contains its checksum, and then no other is', () => {
    const env = { SOKETIFY_NATIVE_SHA256: ` ${sha256('another').toUpperCase()} ` };
    expect(nativeFault({ file: binary('another'), checksums, env })).toBeUndefined();
    expect(nativeFault({ file: binary('recorded'), checksums, env })).toContain(
      `expected ${sha256('another')} (SOKETIFY_NATIVE_SHA256)`,
    );
  });

  test('must be the recorded one if the variable is empty', () => {
    const env = { SOKETIFY_NATIVE_SHA256: '' };
    expect(nativeFault({ file: binary('recorded'), checksums, env })).toBeUndefined();
  });

  test('is left to the loader if it is missing, which states the supported systems', () => {
    expect(nativeFault({ file: '/nowhere/uws_a_b_1.node', checksums, env: {} })).toBeUndefined();
  });

  test('is never loaded if it is not trusted', async () => {
    let loads = 0;
    const load = (): Promise<never> => {
      loads += 1;
      return Promise.reject(new Error('loaded'));
    };
    const failed = loadUws(load, () => nativeFault({ file: binary('altered'), checksums, env: {} }));
    await expect(failed).rejects.toMatchObject({ code: 'ERR_UWS_CHECKSUM' });
    expect(loads).toBe(0);
  });
});
