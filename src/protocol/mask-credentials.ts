/** Replaces a secret. */
const masked = '********';

/** A hex digest of SHA-256: every signature of the protocol is one. */
const digests = /[0-9a-f]{64}/gi;

/** JSON members that contain a credential, also where the JSON is inside a string of another JSON text. */
const credentials =
  /(\\*)"(auth|authorization|auth_signature|secret|shared_secret|token|password|passphrase)\1"\s*:\s*\1"[\s\S]*?(?:(?<!\\)\1"|$)/gi;

/** Removes signatures from a text. */
export function maskDigests(text: string): string {
  return text.replace(digests, masked);
}

/** Removes credentials from a frame, a body or a query; `secrets` are masked wherever they occur. */
export function maskCredentials(text: string, secrets: Iterable<string> = []): string {
  let rest = text
    .replace(credentials, (_, escape: string, name: string) => {
      const quote = `${escape}"`;
      return `${quote}${name}${quote}:${quote}${masked}${quote}`;
    })
    .replace(/\b(auth_signature=)[^&\s]*/gi, `$1${masked}`);
  for (const secret of secrets) if (secret !== '') rest = rest.replaceAll(secret, masked);
  return maskDigests(rest);
}
