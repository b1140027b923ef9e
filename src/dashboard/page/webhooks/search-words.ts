/**
 * Adds a word to a search, or removes it if it is there. Another word with the same key is removed, because both
 * together would match nothing.
 */
export function toggledWord(q: string, word: string): string {
  const words = q.split(/\s+/).filter(Boolean);
  if (words.includes(word)) return words.filter((one) => one !== word).join(' ');
  const key = word.includes(':') ? word.slice(0, word.indexOf(':') + 1) : word;
  return [...words.filter((one) => !one.startsWith(key)), word].join(' ');
}
