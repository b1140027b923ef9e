import { Refused } from './refused.ts';

const keys = [
  'channel',
  'user',
  'event',
  'endpoint',
  'url',
  'status',
  'result',
  'reason',
  'attempts',
  'id',
  'socket',
  'type',
  'since',
  'until',
];

/** Whether a search matches an item. It supports as much of the syntax as is useful to try the page out. */
export function matches(item: object, q: string): boolean {
  const text = JSON.stringify(item).toLowerCase();
  return q
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => {
      const isNegated = word.startsWith('-');
      const plain = isNegated ? word.slice(1) : word;
      return hit(item, text, plain) !== isNegated;
    });
}

function hit(item: object, text: string, word: string): boolean {
  const [key = '', value] = word.split(':', 2);
  if (value === undefined) return text.includes(word.toLowerCase());
  if (!keys.includes(key))
    throw new Refused(400, 'search', `There is no search key ${key}. The keys are: ${keys.join(', ')}.`);
  if (key === 'since' || key === 'until') return true;
  const field = (item as Record<string, unknown>)[key];
  const isClass = /^\dxx$/.test(value);
  if (isClass) return text.includes(`"status":${value.charAt(0)}`);
  if (typeof field === 'string' || typeof field === 'number')
    return new RegExp(`^${value.replaceAll('*', '.*')}$`).test(String(field));
  return text.includes(value.replaceAll('*', '').toLowerCase());
}
