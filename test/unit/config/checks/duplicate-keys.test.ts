import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duplicateKeyFaults } from '../../../../src/config/checks/duplicate-keys.ts';
import { faultsOf } from '../loading.ts';

describe('a key that an object has twice', () => {
  test('is a fault of the file, with both places', () => {
    const content = `{
  "port": 8080,
  "apps": [
    { "id": "1", "key": "k", "secret": "s", "key": "other" }
  ],
  "port": 9090
}`;
    expect(faultsOf({ content })).toEqual([
      'apps[0].key: is given twice, at line 4, column 18 and at line 4, column 45; keep only one of them',
      'port: is given twice, at line 2, column 3 and at line 6, column 3; keep only one of them',
    ]);
  });

  test('is found however it is escaped, and reported once for each repetition', () => {
    const text = '{"a":1,"\\u0061":2,"a":3}';
    expect(duplicateKeyFaults(text).map(({ message }) => message)).toEqual([
      'is given twice, at line 1, column 2 and at line 1, column 8; keep only one of them',
      'is given twice, at line 1, column 2 and at line 1, column 19; keep only one of them',
    ]);
  });

  test('must be unique in its object only', () => {
    expect(duplicateKeyFaults('{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}')).toEqual([]);
  });

  test('does not occur in the output of JSON.stringify, at any depth', () => {
    fc.assert(fc.property(fc.json(), (json) => duplicateKeyFaults(json).length === 0));
    expect(() => duplicateKeyFaults('{"a":'.repeat(200_000))).not.toThrow();
  });
});
