import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';

const pathOf = (name: string) => fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url));

/** A certificate of the fixtures with its key. */
export function pair(name: 'localhost' | 'second' | 'rsa') {
  return { certFile: pathOf(`${name}.cert`), keyFile: pathOf(`${name}.key`) };
}

export const encrypted = { certFile: pathOf('localhost.cert'), keyFile: pathOf('encrypted.key') };
export const passphrase = 'opensesame';

/** How clients of the tests connect: the certificate is checked by its fingerprint. */
export const believing = { rejectUnauthorized: false } as const;

export function fingerprint(name: 'localhost' | 'second'): string {
  return new X509Certificate(readFileSync(pair(name).certFile)).fingerprint256;
}

/** A TLS connection. */
export async function dialTls({ port }: { readonly port: number }): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ...believing });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {
    // Some of these tests cause a reset.
  });
  await once(socket, 'secureConnect');
  return socket;
}

/** The certificate that a new client is shown. */
export async function shown(server: { readonly port: number }): Promise<string> {
  const socket = await dialTls(server);
  socket.end();
  return socket.getPeerCertificate().fingerprint256;
}
