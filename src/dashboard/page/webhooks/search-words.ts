/**
 * A search with a word added, or taken away if it is there. A word of the same key goes, because both together would
 * find nothing.
 */
export function toggledWord(q: string, word: string): string {
  const words = q.split(/\s+/).filter(Boolean);
  if (words.includes(word)) return words.filter((one) => one !== word).join(' ');
  const key = word.includes(':') ? word.slice(0, word.indexOf(':') + 1) : word;
  return [...words.filter((one) => !one.startsWith(key)), word].join(' ');
}
