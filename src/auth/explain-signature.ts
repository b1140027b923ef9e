import { clip } from '../protocol/clip.ts';
import { verify } from './hmac.ts';
import { otherJsonForms } from './json-forms.ts';
import type { KeyPair, KeyRing } from './key-pair.ts';
import { isOtherDigest, isSignature, misreadSecrets, otherSignatureForms } from './signature-forms.ts';

/** A received webhook, as far as it is known. */
export interface GivenWebhook {
  readonly body: string;
  /** The value of `X-Pusher-Signature`. */
  readonly signature: string;
  /** The value of `X-Pusher-Key`. */
  readonly key?: string | undefined;
}

/** Whether a webhook was signed by an app. `sentence` explains why or why not, and what to do. */
export interface SignatureExplanation {
  readonly isGenuine: boolean;
  /** The key whose secret signed it, or would have signed it. */
  readonly key?: string;
  readonly sentence: string;
}

/** Another text for the body, or another reading of the signature, that would explain a mismatch. */
interface Guess {
  readonly body: string;
  readonly signature: string;
  readonly sentence: (key: string) => string;
}

/**
 * Explains whether a webhook is signed by one of the app's keys and, if not, why, as far as that can be found out. It tries
 * only the secrets of this app.
 */
export function explainSignature(given: GivenWebhook, app: KeyRing): SignatureExplanation {
  const { body, signature, key } = given;
  const pairs: readonly KeyPair[] = [app, ...app.otherKeys];
  const signedBy = (text: string, candidate: string): string | undefined =>
    pairs.find(({ secret }) => verify(secret, text, candidate))?.key;
  const signer = signedBy(body, signature);
  if (signer !== undefined) return genuine(signer, key, app);
  if (signature.trim() === '') {
    return refused('There is no signature. Give the value of the X-Pusher-Signature header, 64 hex digits.');
  }
  for (const guess of guesses(given)) {
    const found = signedBy(guess.body, guess.signature);
    if (found !== undefined) return { isGenuine: false, key: found, sentence: guess.sentence(found) };
  }
  const misread = pairs.find(({ secret }) =>
    misreadSecrets(secret).some((candidate) => verify(candidate, body, signature)),
  );
  if (misread === undefined) return refused(whyUnknown(given, pairs));
  const sentence = `The signature was made with the secret of key ${misread.key}, but with white space or quotes around the secret. The signer read them as part of it.`;
  return { isGenuine: false, key: misread.key, sentence };
}

function genuine(signer: string, key: string | undefined, app: KeyRing): SignatureExplanation {
  if (key !== undefined && key !== '' && key !== signer) {
    return {
      isGenuine: false,
      key: signer,
      sentence: `The body is signed with the secret of key ${signer}, but X-Pusher-Key is ${clip(key)}. Look up the secret by the key that comes with each request, and check which of the two was changed on the way.`,
    };
  }
  const more =
    signer === app.key
      ? ''
      : ' It is not the first key of this app, which signs webhooks now: the webhook was sent before the keys were changed.';
  return {
    isGenuine: true,
    key: signer,
    sentence: `The webhook is genuine: it matches key ${signer}.${more}`,
  };
}

/** Ordered from the smallest difference to the largest. */
function* guesses({ body, signature }: GivenWebhook): Generator<Guess, void> {
  for (const { how, signature: other } of otherSignatureForms(signature)) {
    yield {
      body,
      signature: other,
      sentence: (key) =>
        `The signature is the right one for key ${key}, but ${how}. X-Pusher-Signature is 64 lower-case hex digits and nothing else: compare it in that form.`,
    };
  }
  const bare = signature.trim().toLowerCase();
  for (const { text, what } of otherEnds(body)) {
    yield {
      body: text,
      signature: bare,
      sentence: (key) =>
        `The signature of key ${key} matches once ${what}. Verify the raw bytes of the request, with nothing added and nothing removed.`,
    };
  }
  for (const { writer, text } of otherJsonForms(body)) {
    yield {
      body: text,
      signature: bare,
      sentence: (key) =>
        `The signature of key ${key} matches the same JSON as ${writer} writes it. The body was parsed and serialized again: verify the raw bytes of the request, before any JSON parser.`,
    };
  }
}

function* otherEnds(body: string): Generator<{ readonly text: string; readonly what: string }, void> {
  if (/\r?\n$/.test(body)) {
    yield { text: body.replace(/\r?\n$/, ''), what: 'the line break at the end of the body is removed' };
  }
  if (body !== body.trim()) {
    yield { text: body.trim(), what: 'the white space around the body is removed' };
  }
  if (body.startsWith('\ufeff')) {
    yield { text: body.slice(1), what: 'the byte order mark before the body is removed' };
  }
  yield { text: `${body}\n`, what: 'a line break is added at the end of the body' };
  yield {
    text: body.replaceAll('\r\n', '\n'),
    what: 'the line breaks of the body are \\n instead of \\r\\n',
  };
}

function whyUnknown({ body, signature, key }: GivenWebhook, pairs: readonly KeyPair[]): string {
  const form = signature.trim();
  if (body === '') return 'The body is empty. Give the body of the request as received, from { to }.';
  if (!isSignature(form.toLowerCase())) {
    const length = isOtherDigest(form)
      ? `It has the length of a hash other than SHA-256 (${form.length} hex digits).`
      : `It has ${form.length} characters.`;
    return `This is not a webhook signature: expected the 64 hex digits of an HMAC-SHA256. ${length} Check that you copied all of it, and that you copied it from X-Pusher-Signature.`;
  }
  if (key !== undefined && key !== '' && !pairs.some((pair) => pair.key === key)) {
    return `X-Pusher-Key is ${clip(key)}, which is not a key of this app. It belongs to another app, or was removed from this one.`;
  }
  const keys = pairs.length === 1 ? 'the secret of this app' : 'a secret of this app';
  return `The signature was not made with ${keys}, or it belongs to another body. Check that you copied it together with the body of the same request, and that the sender has this app's secret.`;
}

function refused(sentence: string): SignatureExplanation {
  return { isGenuine: false, sentence };
}
