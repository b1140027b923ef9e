import { describe, expect, test } from 'vitest';
import { readQuestion } from '../../../src/operations/operation.ts';

const ask = (body: string) =>
  readQuestion(
    { path: '/things', body: { type: 'object' } },
    { values: [], rawQuery: '', body: Buffer.from(body), who: 'test', isFull: true },
  );

describe('the body of an operation', () => {
  test('may be nested, with any number of brackets in strings', () => {
    const nested = '{"a":'.repeat(60) + '1' + '}'.repeat(60);
    expect(ask(nested).body).toHaveProperty('a');
    const text = '[{'.repeat(1000) + '\\"';
    expect(ask(JSON.stringify({ text })).body['text']).toBe(text);
  });

  test('is refused if it is nested more deeply than any valid body', () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(() => ask(deep)).toThrow('nested deeper than 64');
  });
});
