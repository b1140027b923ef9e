/** A signature as it should have been written, and how it differs from what was given. */
export interface SignatureForm {
  /** As in "the right one ...". */
  readonly how: string;
  /** 64 lower-case hex digits, if it is one at all. */
  readonly signature: string;
}

/** The signatures that a text in another form may stand for. */
export function otherSignatureForms(given: string): readonly SignatureForm[] {
  const bare = given
    .trim()
    .replace(/^["']|["']$/g, '')
    .replace(/^(hmac-)?sha256[=:]/i, '')
    .trim();
  return [
    { how: 'in upper case', signature: given.toLowerCase() },
    { how: 'with something around it', signature: bare },
    { how: 'with something around it and in upper case', signature: bare.toLowerCase() },
    { how: 'in base64', signature: Buffer.from(bare.replace(/^v1,/, ''), 'base64').toString('hex') },
  ];
}

/** Whether a text is written as `X-Pusher-Signature` must be. */
export function isSignature(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Whether a text is a digest of another length than that of SHA-256. */
export function isOtherDigest(text: string): boolean {
  return /^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{128})$/i.test(text);
}

/** The secrets that somebody uses who has read this one with white space or quotes around it, or without those that belong to it. */
export function misreadSecrets(secret: string): readonly string[] {
  return [secret.trim(), `${secret}\n`, `${secret}\r\n`, `${secret} `, `"${secret}"`, `'${secret}'`];
}
