/** What stands in the place of a secret. */
const masked = '********';

/** A hex digest of SHA-256: every signature of the protocol is one. */
const digests = /[0-9a-f]{64}/gi;

/** Members of JSON that hold a credential, also where the JSON stands in a string of another. */
const credentials =
  /(\\*)"(auth|authorization|auth_signature|secret|shared_secret|token|password|passphrase)\1"\s*:\s*\1"[\s\S]*?(?:(?<!\\)\1"|$)/gi;

/** A text without the signatures in it. */
export function maskDigests(text: string): string {
  return text.replace(digests, masked);
}

/** A frame, a body or a query without what authenticates somebody; `secrets` are masked wherever they stand. */
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
