import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText } from '../../src/protocol/json-text.ts';

test('the JSON of a text equals that of JSON.stringify, whatever its characters', () => {
  const unit = fc.oneof(
    fc.constantFrom('"', '\\', '\u0000', '\u001f', '\u007f', '\u2028', '\ud7ff', '\ue000', '\uffff'),
    // Halves of pairs, alone or not.
    fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code)),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(unit), (units) => {
      const text = units.join('');
      expect(jsonText(text)).toBe(JSON.stringify(text));
    }),
  );
});
