import { badRequest, type HttpError } from './http-error.ts';
import { kindOf } from './json-value.ts';

/** The refusal of a request body that is not the JSON text of an object: it says what the body is instead. */
export function invalidBody(text: string): HttpError {
  return badRequest(`Invalid body: expected a JSON object, got ${describe(text)}`);
}

function describe(text: string): string {
  if (text === '') return 'nothing';
  // The first byte of gzip. The second one is not UTF-8, so it has been replaced.
  if (text.startsWith('\u001F')) return 'compressed data; send it without Content-Encoding';
  try {
    return kindOf(JSON.parse(text));
  } catch {
    return 'text that is not JSON';
  }
}
