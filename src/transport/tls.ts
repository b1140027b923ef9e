import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { TemplatedApp } from 'uWebSockets.js';
import { nativeText } from './native-text.ts';
import type { Uws } from './uws.ts';

/** The files for TLS, all in PEM format. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase?: string | undefined;
}

/**
 * Identifies a certificate with its key, by their content and not by the file names. Throws an error that states which of the
 * files is unusable, and why.
 */
export function identifyTls(files: TlsFiles): string {
  const { cert, key } = readPair(files);
  const parts = [cert, key, Buffer.from(files.passphrase ?? '')];
  return parts.map((part) => createHash('sha256').update(part).digest('hex')).join();
}

/**
 * For TLS 1.2, only suites with forward secrecy and authenticated encryption: recorded traffic cannot be decrypted later with
 * the certificate's key. All suites of TLS 1.3 have both.
 */
const cipherSuites = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Creates a TLS app with a certificate that `identifyTls` has accepted. Throws an error if that fails. */
export function createTlsApp(uws: Uws, files: TlsFiles): TemplatedApp {
  const { certFile, keyFile, passphrase } = files;
  try {
    return uws.SSLApp({
      cert_file_name: nativeText(certFile),
      key_file_name: nativeText(keyFile),
      ssl_ciphers: cipherSuites,
      ...(passphrase !== undefined && { passphrase: nativeText(passphrase) }),
    });
  } catch (error) {
    // The native error only states that the app could not be created.
    throw fault(`the certificate ${certFile} with the key ${keyFile}`, error);
  }
}

/** Creates a TLS app without a certificate, which cannot serve clients. */
export function createBareTlsApp(uws: Uws): TemplatedApp {
  return uws.SSLApp({});
}

/** Reads the files with Node's own reader, whose errors are specific, unlike the native ones. */
function readPair({ certFile, keyFile, passphrase }: TlsFiles): {
  readonly cert: Buffer;
  readonly key: Buffer;
} {
  const cert = read(`the certificate ${certFile}`, certFile, (pem) => ({ cert: pem }));
  const secret = passphrase === undefined ? {} : { passphrase };
  return { cert, key: read(`the key ${keyFile}`, keyFile, (key) => ({ cert, key, ...secret })) };
}

function read(what: string, file: string, use: (pem: Buffer) => SecureContextOptions): Buffer {
  try {
    const pem = readFileSync(file);
    createSecureContext(use(pem));
    return pem;
  } catch (error) {
    throw fault(what, error);
  }
}

const explanations: Readonly<Record<string, string>> = {
  ERR_OSSL_PEM_NO_START_LINE: 'it is not in PEM format',
  ERR_OSSL_UNSUPPORTED: 'it is not a private key in PEM format',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'it does not belong to the certificate',
  ERR_OSSL_BAD_DECRYPT: 'the passphrase is wrong or missing',
  ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED: 'the passphrase is missing',
};

function fault(what: string, error: unknown): Error {
  const { code = '', message = String(error) }: { code?: string; message?: string } =
    error instanceof Error ? error : {};
  return new Error(`cannot use ${what}: ${explanations[code] ?? message}`, { cause: error });
}
