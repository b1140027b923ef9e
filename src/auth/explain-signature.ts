import { clip } from '../protocol/clip.ts';
import { verify } from './hmac.ts';
import { otherJsonForms } from './json-forms.ts';
import type { KeyPair, KeyRing } from './key-pair.ts';
import { isOtherDigest, isSignature, misreadSecrets, otherSignatureForms } from './signature-forms.ts';

/** A webhook that somebody got, as far as it is known. */
export interface GivenWebhook {
  readonly body: string;
  /** The value of `X-Pusher-Signature`. */
  readonly signature: string;
  /** The value of `X-Pusher-Key`. */
  readonly key?: string | undefined;
}

/** Whether a webhook is of an app; `sentence` says why, or why not, and what to do. */
export interface SignatureExplanation {
  readonly isGenuine: boolean;
  /** The key whose secret signed it, or would have. */
  readonly key?: string;
  readonly sentence: string;
}

/** A text that the body may have been, or a reading of the signature, that explains a mismatch. */
interface Guess {
  readonly body: string;
  readonly signature: string;
  readonly sentence: (key: string) => string;
}

/**
 * Says whether a webhook is signed by one of the app's keys. If it is not, it says why as far as one can tell; only the
 * secrets of this app are tried.
 */
export function explainSignature(given: GivenWebhook, app: KeyRing): SignatureExplanation {
  const { body, signature, key } = given;
  const pairs: readonly KeyPair[] = [app, ...app.otherKeys];
  const signedBy = (text: string, candidate: string): string | undefined =>
    pairs.find(({ secret }) => verify(secret, text, candidate))?.key;
  const signer = signedBy(body, signature);
  if (signer !== undefined) return genuine(signer, key, app);
  if (signature.trim() === '') {
    return refused('There is no signature. Give the value of the header X-Pusher-Signature, 64 hex digits.');
  }
  for (const guess of guesses(given)) {
    const found = signedBy(guess.body, guess.signature);
    if (found !== undefined) return { isGenuine: false, key: found, sentence: guess.sentence(found) };
  }
  const misread = pairs.find(({ secret }) =>
    misreadSecrets(secret).some((candidate) => verify(candidate, body, signature)),
  );
  if (misread === undefined) return refused(whyUnknown(given, pairs));
  const sentence = `The signature is made with the secret of key ${misread.key}, but for white space or quotes around it: whoever signed has read them along.`;
  return { isGenuine: false, key: misread.key, sentence };
}

function genuine(signer: string, key: string | undefined, app: KeyRing): SignatureExplanation {
  if (key !== undefined && key !== '' && key !== signer) {
    return {
      isGenuine: false,
      key: signer,
      sentence: `The body is signed with the secret of key ${signer}, but X-Pusher-Key says ${clip(key)}. Look up the secret by the key that comes with each request, and compare which of the two was changed on the way.`,
    };
  }
  const more =
    signer === app.key
      ? ''
      : ' It is not the first key of this app, with which webhooks are signed now: it was sent before the keys were changed.';
  return {
    isGenuine: true,
    key: signer,
    sentence: `The webhook is genuine: it matches key ${signer}.${more}`,
  };
}

/** From what is nearest to what was given to what is furthest. */
function* guesses({ body, signature }: GivenWebhook): Generator<Guess, void> {
  for (const { how, signature: other } of otherSignatureForms(signature)) {
    yield {
      body,
      signature: other,
      sentence: (key) =>
        `The signature is the right one of key ${key}, but ${how}. X-Pusher-Signature is 64 lower-case hex digits and nothing else: compare it as such.`,
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
        `The signature of key ${key} matches the same JSON as ${writer} writes it. The body was parsed and written again: verify the raw bytes of the request, before any JSON parser.`,
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
  if (body === '') return 'The body is empty. Give the body of the request as it came, from { to }.';
  if (!isSignature(form.toLowerCase())) {
    const length = isOtherDigest(form)
      ? `It has the length of another hash than SHA-256 (${form.length} hex digits).`
      : `It has ${form.length} characters.`;
    return `This is no signature of a webhook: expected the 64 hex digits of an HMAC-SHA256. ${length} Was all of it copied, and from X-Pusher-Signature?`;
  }
  if (key !== undefined && key !== '' && !pairs.some((pair) => pair.key === key)) {
    return `X-Pusher-Key says ${clip(key)}, which is no key of this app. It is of another app, or was removed from this one.`;
  }
  const keys = pairs.length === 1 ? 'the secret of this app' : 'a secret of this app';
  return `The signature is not made with ${keys}, or is of another body. Was it copied with the body of the same request, and has the sender this app's secret?`;
}

function refused(sentence: string): SignatureExplanation {
  return { isGenuine: false, sentence };
}
