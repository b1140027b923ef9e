import type { Reference } from '../reference.ts';

/** What a receiver is written for. */
export type Framework = keyof Reference['handlers'];

/** The code of a receiver, with a key in it. */
export function withKey(code: string, framework: Framework, key: string): string {
  const quoted =
    framework === 'laravel'
      ? `'${key.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`
      : JSON.stringify(key);
  // As functions: in a text, "$" would have a meaning.
  return code.replace(/(["'])KEY\1/, () => quoted).replace(/\bKEY\b/, () => key);
}
