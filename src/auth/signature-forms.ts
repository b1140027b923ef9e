/** A possible correct form of a signature, and how the given one differs from it. */
export interface SignatureForm {
  /** Continues the sentence "the right one, but ...". */
  readonly how: string;
  /** 64 lower-case hex digits, if the text is a signature at all. */
  readonly signature: string;
}

/** The signatures that a text in another form may represent. */
export function otherSignatureForms(given: string): readonly SignatureForm[] {
  const bare = given
    .trim()
    .replace(/^["']|["']$/g, '')
    .replace(/^(hmac-)?sha256[=:]/i, '')
    .trim();
  return [
    { how: 'it is in upper case', signature: given.toLowerCase() },
    { how: 'it has extra characters around it', signature: bare },
    { how: 'it has extra characters around it and is in upper case', signature: bare.toLowerCase() },
    { how: 'it is in base64', signature: Buffer.from(bare.replace(/^v1,/, ''), 'base64').toString('hex') },
  ];
}

/** Whether a text has the form of `X-Pusher-Signature`. */
export function isSignature(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Whether a text is a hex digest of a length other than that of SHA-256. */
export function isOtherDigest(text: string): boolean {
  return /^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{128})$/i.test(text);
}

/** Common misreadings of a secret: with white space or quotes around it, or without those that belong to it. */
export function misreadSecrets(secret: string): readonly string[] {
  return [secret.trim(), `${secret}\n`, `${secret}\r\n`, `${secret} `, `"${secret}"`, `'${secret}'`];
}
