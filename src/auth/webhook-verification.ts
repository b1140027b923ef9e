import { clip } from '../protocol/clip.ts';
import { verify } from './hmac.ts';
import { otherJsonForms } from './json-forms.ts';
import { isOtherDigest, isSignature, misreadSecrets, otherSignatureForms } from './signature-forms.ts';

/** Why a signature is not accepted. */
export type SignatureFault =
  | 'missing_signature'
  | 'wrong_header'
  | 'not_hex'
  | 'missing_key'
  | 'unknown_key'
  | 'wrong_secret'
  | 'reserialised';

/** The result of checking a signature. `message` is for people: what is wrong, what was received and what is accepted. */
export type SignatureVerdict =
  | { readonly verified: true }
  | { readonly verified: false; readonly reason: SignatureFault; readonly message: string };

/** Headers by lower-case name, as Node gives them. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A received webhook. `body` is the raw bytes, before any parsing. */
export interface SignedWebhook {
  readonly headers: WebhookHeaders;
  readonly body: Uint8Array;
}

/** One secret regardless of `X-Pusher-Key`, or secrets by key. */
export type WebhookSecrets = string | ReadonlyMap<string, string>;

const signatureHeader = 'x-pusher-signature';

/** Checks whether a webhook is signed as Soketify signs and, if not, why, as far as that can be found out. */
export function verifyWebhookSignature(webhook: SignedWebhook, secrets: WebhookSecrets): SignatureVerdict {
  const signature = headerOf(webhook.headers, signatureHeader);
  if (signature === undefined) return withoutSignature(webhook, secrets);
  const key = headerOf(webhook.headers, 'x-pusher-key');
  if (typeof secrets !== 'string') {
    const keys = [...secrets.keys()].join(', ');
    if (key === undefined) {
      return refuse(
        'missing_key',
        `there is no X-Pusher-Key header; expected one that contains one of the keys ${keys}`,
      );
    }
    if (!secrets.has(key)) {
      return refuse('unknown_key', `X-Pusher-Key is '${clip(key)}'; the known secrets belong to ${keys}`);
    }
  }
  const secret = typeof secrets === 'string' ? secrets : (secrets.get(key ?? '') ?? '');
  if (verify(secret, webhook.body, signature)) return { verified: true };
  if (!isSignature(signature)) {
    return wrongForm(signature, (candidate) => verify(secret, webhook.body, candidate));
  }
  return (
    findOtherForm(webhook.body, secret, signature) ??
    wrongSecret(webhook.body, secret, { signature, secrets })
  );
}

/** The value of a header. Several headers of one name are joined, as Node does. */
export function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

function withoutSignature({ headers, body }: SignedWebhook, secrets: WebhookSecrets): SignatureVerdict {
  const known = typeof secrets === 'string' ? [secrets] : [...secrets.values()];
  const isRight = (name: string): boolean =>
    known.some((secret) => verify(secret, body, headerOf(headers, name) ?? ''));
  const others = Object.keys(headers).filter((name) => name !== signatureHeader);
  const holder = others.find(isRight) ?? others.find((name) => /signature|hmac/.test(name));
  if (holder === undefined) {
    return refuse(
      'missing_signature',
      'there is no X-Pusher-Signature header; expected the HMAC-SHA256 of the body in hex',
    );
  }
  return refuse(
    'wrong_header',
    `the signature is expected in X-Pusher-Signature, but was received in ${holder}${isRight(holder) ? ', where it is the right one' : ''}`,
  );
}

function wrongForm(signature: string, isRight: (candidate: string) => boolean): SignatureVerdict {
  const right = otherSignatureForms(signature).find((form) => isRight(form.signature));
  const got =
    right !== undefined
      ? `the right one, but ${right.how}`
      : isOtherDigest(signature)
        ? `${signature.length}, the length of a hash other than SHA-256`
        : `'${clip(signature)}'`;
  return refuse('not_hex', `X-Pusher-Signature is expected to be 64 lower-case hex digits; got ${got}`);
}

function findOtherForm(body: Uint8Array, secret: string, signature: string): SignatureVerdict | undefined {
  for (const { writer, text } of otherJsonForms(Buffer.from(body).toString())) {
    if (!verify(secret, text, signature)) continue;
    return refuse(
      'reserialised',
      `the signature matches the same JSON as ${writer} writes it, not the received bytes: the body was parsed and serialized again after it was signed, or another text was signed than was sent`,
    );
  }
  return undefined;
}

function wrongSecret(
  body: Uint8Array,
  secret: string,
  { signature, secrets }: { readonly signature: string; readonly secrets: WebhookSecrets },
): SignatureVerdict {
  const isSignedWith = (candidate: string): boolean => verify(candidate, body, signature);
  if (misreadSecrets(secret).some((candidate) => isSignedWith(candidate))) {
    return refuse(
      'wrong_secret',
      'the signature was made with this secret, but with white space or quotes around it: one side read them as part of it',
    );
  }
  const owner =
    typeof secrets === 'string' ? undefined : [...secrets].find(([, other]) => isSignedWith(other));
  return refuse(
    'wrong_secret',
    owner === undefined
      ? 'the signature was made with another secret, or it belongs to another body'
      : `the signature was made with the secret of the key '${owner[0]}', not of the key in X-Pusher-Key`,
  );
}

function refuse(reason: SignatureFault, message: string): SignatureVerdict {
  return { verified: false, reason, message };
}
