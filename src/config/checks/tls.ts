import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { formatPath, type ConfigFault } from './fault.ts';
import { codeOf, type Files } from '../files.ts';
import { fieldOf } from '../json.ts';

/** The faults of the certificate and its key, and warnings about them. */
export interface TlsFindings {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly string[];
}

/** The content of a file; or why it is unusable. */
type Pem<T> =
  | { readonly kind: 'ok'; readonly text: string; readonly value: T }
  | { readonly kind: 'faulty'; readonly reason: string };

/**
 * Reads the configured certificate and key, and reports why they cannot be used: each file by itself, and whether the two belong
 * together. It does not repeat faults that the schema finds, and quotes neither the content of a file nor the passphrase.
 */
export function checkTls(input: unknown, files: Files): TlsFindings {
  const tls = fieldOf(input, 'tls');
  const given = fieldOf(tls, 'passphrase');
  const passphrase = typeof given === 'string' && given !== '' ? given : undefined;
  const faults: ConfigFault[] = [];
  const read = <T>(key: string, parse: (text: string) => Pem<T>) => {
    const name = fieldOf(tls, key);
    if (typeof name !== 'string' || name === '') return undefined;
    const file = files.read(name);
    const pem = file.kind === 'read' ? parse(file.text) : file;
    if (pem.kind === 'ok') return pem;
    faults.push({ path: formatPath(['tls', key]), message: `${files.quote(name)} ${pem.reason}` });
    return undefined;
  };
  const cert = read('certFile', parseCertificate);
  const key = read('keyFile', (text) => parseKey(text, passphrase));
  if (cert !== undefined && key !== undefined) {
    if (!cert.value.checkPrivateKey(key.value)) {
      faults.push({ path: 'tls.keyFile', message: 'does not belong to the certificate in tls.certFile' });
    } else faults.push(...contextFaults(cert.text, key.text, passphrase));
  }
  return { faults, warnings: cert === undefined ? [] : validityWarnings(cert.value) };
}

function parseCertificate(text: string): Pem<X509Certificate> {
  try {
    const value = new X509Certificate(text);
    // Only this parses the rest of the chain, and refuses weak certificates.
    createSecureContext({ cert: text });
    return { kind: 'ok', text, value };
  } catch (error) {
    return { kind: 'faulty', reason: `contains no usable certificate in PEM format (${codeOf(error)})` };
  }
}

function parseKey(text: string, passphrase: string | undefined): Pem<KeyObject> {
  try {
    const value = createPrivateKey({
      key: text,
      format: 'pem',
      ...(passphrase !== undefined && { passphrase }),
    });
    return { kind: 'ok', text, value };
  } catch (error) {
    const code = codeOf(error);
    const isKey = code !== 'ERR_OSSL_UNSUPPORTED';
    if (!isKey || !isEncrypted(text))
      return { kind: 'faulty', reason: `contains no private key in PEM format (${code})` };
    if (passphrase === undefined)
      return { kind: 'faulty', reason: 'is encrypted; tls.passphrase is missing' };
    return { kind: 'faulty', reason: 'is encrypted; tls.passphrase does not decrypt it' };
  }
}

function isEncrypted(key: string): boolean {
  return /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key);
}

/** A final check with the function that will use them. */
function contextFaults(cert: string, key: string, passphrase: string | undefined): readonly ConfigFault[] {
  try {
    createSecureContext({ cert, key, passphrase });
    return [];
  } catch (error) {
    return [{ path: 'tls', message: `the certificate and its key cannot be used (${codeOf(error)})` }];
  }
}

function validityWarnings({ validFrom, validTo }: X509Certificate): readonly string[] {
  const now = Date.now();
  if (Date.parse(validTo) < now) {
    return [`tls.certFile: the certificate expired on ${dayOf(validTo)}; clients refuse it`];
  }
  if (Date.parse(validFrom) > now) {
    return [`tls.certFile: the certificate is not valid before ${dayOf(validFrom)}; clients refuse it`];
  }
  return [];
}

/** `Feb  1 00:00:00 2020 GMT` is `2020-02-01`. */
function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
