import type { Reference } from '../reference.ts';

/** The framework of a receiver. */
export type Framework = keyof Reference['handlers'];

/** Inserts a key into the code of a receiver. */
export function withKey(code: string, framework: Framework, key: string): string {
  const quoted =
    framework === 'laravel'
      ? `'${key.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}'`
      : JSON.stringify(key);
  // Functions, because "$" has a meaning in a replacement text.
  return code.replace(/(["'])KEY\1/, () => quoted).replace(/\bKEY\b/, () => key);
}
