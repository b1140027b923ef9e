import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Variant } from './target.ts';

let made: Variant['tls'] = null;

/** A certificate for 127.0.0.1, created by openssl with the most common elliptic curve. It is deleted when this process exits. */
export function certificate(): NonNullable<Variant['tls']> {
  if (made !== null) return made;
  const folder = mkdtempSync(join(tmpdir(), 'soketify-bench-tls-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    files.keyFile,
  ];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  try {
    const words = ['req', '-x509', ...key, '-out', files.certFile, '-days', '2', ...subject];
    execFileSync('openssl', words, { stdio: 'ignore' });
  } catch (cause) {
    throw new Error('Cannot create a certificate for the TLS variants: openssl must be in PATH', { cause });
  }
  made = files;
  return made;
}
