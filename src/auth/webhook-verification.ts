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

/** What came of checking a signature. `message` is for a person: what is wrong, what was got, what is accepted. */
export type SignatureVerdict =
  | { readonly verified: true }
  | { readonly verified: false; readonly reason: SignatureFault; readonly message: string };

/** Headers by lower-case name, as Node gives them. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A webhook as it came. `body` is the very bytes, before any parsing. */
export interface SignedWebhook {
  readonly headers: WebhookHeaders;
  readonly body: Uint8Array;
}

/** One secret whatever `X-Pusher-Key` says, or the secrets by key. */
export type WebhookSecrets = string | ReadonlyMap<string, string>;

const signatureHeader = 'x-pusher-signature';

/** Whether a webhook is signed as Soketify signs, and if not, what went wrong as far as one can tell. */
export function verifyWebhookSignature(webhook: SignedWebhook, secrets: WebhookSecrets): SignatureVerdict {
  const signature = headerOf(webhook.headers, signatureHeader);
  if (signature === undefined) return withoutSignature(webhook, secrets);
  const key = headerOf(webhook.headers, 'x-pusher-key');
  if (typeof secrets !== 'string') {
    const keys = [...secrets.keys()].join(', ');
    if (key === undefined) {
      return refuse(
        'missing_key',
        `there is no X-Pusher-Key header; expected one that holds one of the keys ${keys}`,
      );
    }
    if (!secrets.has(key)) {
      return refuse('unknown_key', `X-Pusher-Key is '${clip(key)}'; the secrets known are those of ${keys}`);
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

/** A header's value; several of one name are one, as Node joins them. */
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
    `the signature is expected in X-Pusher-Signature, but came in ${holder}${isRight(holder) ? ', where it is the right one' : ''}`,
  );
}

function wrongForm(signature: string, isRight: (candidate: string) => boolean): SignatureVerdict {
  const right = otherSignatureForms(signature).find((form) => isRight(form.signature));
  const got =
    right !== undefined
      ? `the right one ${right.how}`
      : isOtherDigest(signature)
        ? `${signature.length}, those of another hash than SHA-256`
        : `'${clip(signature)}'`;
  return refuse('not_hex', `X-Pusher-Signature is expected to be 64 lower-case hex digits; got ${got}`);
}

function findOtherForm(body: Uint8Array, secret: string, signature: string): SignatureVerdict | undefined {
  for (const { writer, text } of otherJsonForms(Buffer.from(body).toString())) {
    if (!verify(secret, text, signature)) continue;
    return refuse(
      'reserialised',
      `the signature is that of the same JSON as ${writer} writes it, not of the bytes that came: somebody parsed the body and wrote it anew after it was signed, or signed another text than was sent`,
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
      'the signature is made with this secret, but for white space or quotes around it: one side has read them along',
    );
  }
  const owner =
    typeof secrets === 'string' ? undefined : [...secrets].find(([, other]) => isSignedWith(other));
  return refuse(
    'wrong_secret',
    owner === undefined
      ? 'the signature is made with another secret, or of another body'
      : `the signature is made with the secret of the key '${owner[0]}', not of the one that X-Pusher-Key names`,
  );
}

function refuse(reason: SignatureFault, message: string): SignatureVerdict {
  return { verified: false, reason, message };
}
