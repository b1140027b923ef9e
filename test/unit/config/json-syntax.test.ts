import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findSyntaxFault } from '../../../src/config/json-syntax.ts';

describe('findSyntaxFault', () => {
  test.each([
    ['', 1, 1, 'value expected'],
    ['{"a":1,}', 1, 8, 'property name expected'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'comma expected'],
    ['[1 2]', 1, 4, 'comma expected'],
    ['{"a" 1}', 1, 6, 'colon expected'],
    ['{\r\n  // no\r\n}', 2, 3, 'invalid comment token'],
    ['"a', 1, 1, 'unexpected end of string'],
  ])('in %j, the JSON ends at line %i, column %i', (text, line, column, problem) => {
    expect(findSyntaxFault(text)).toEqual({ line, column, problem });
  });

  test('finds no fault in text that JSON.parse accepts', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
        expect(findSyntaxFault(JSON.stringify(JSON.parse(json), null, indent))).toBeUndefined();
      }),
    );
  });

  test('quotes nothing of the text, which may contain a secret', () => {
    expect(JSON.stringify(findSyntaxFault('{"secret": hush}'))).not.toContain('hush');
  });

  test('survives any nesting', () => {
    expect(() => findSyntaxFault('['.repeat(200_000))).not.toThrow();
  });
});
