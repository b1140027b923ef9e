import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { memberSource, memberSources } from '../../../src/protocol/json-source.ts';

describe('the source of a member', () => {
  test.each([
    ['{"data":1e400}', '1e400'],
    ['{"data":-0}', '-0'],
    ['{"data":12345678901234567890}', '12345678901234567890'],
    ['{"data":1.50,"a":1}', '1.50'],
    [String.raw`{"data":{"a":"\u00e9\/","a":2}}`, String.raw`{"a":"\u00e9\/","a":2}`],
    ['{"data":{"b":1,"a":2,"1":3}}', '{"b":1,"a":2,"1":3}'],
    ['\n{ "data" :\t[ 1 , 2 ]\r\n}\n', '[ 1 , 2 ]'],
    ['{"data":1,"data":2}', '2'],
    [String.raw`{"data":1,"d\u0061ta":2}`, '2'],
    [String.raw`{"d\u0061ta":1,"data":2}`, '2'],
    ['{"data":{"data":1}}', '{"data":1}'],
    ['{"a":"\\"data\\":3","data":null}', 'null'],
    ['{"a":"\\\\","data":true}', 'true'],
    ['{"a":"0123456789012345678901\\"2\\\\","data":"x"}', '"x"'],
    ['{"a":{"data":1}}', undefined],
    ['{"datas":1,"dat":2}', undefined],
    [String.raw`{"dat\u0062":1}`, undefined],
    ['{}', undefined],
  ])('of %s is %s', (json, source) => {
    expect(memberSource(json, 'data')).toBe(source);
  });

  test('is found in hostile text, without recursion', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    const members = '"data":0,'.repeat(100_000);
    const quotes = `"${String.raw`\"`.repeat(500_000)}"`;
    const slashes = `"${String.raw`\\`.repeat(500_000)}"`;
    const json = `{"a":${quotes},${members}"b":${slashes},"data":${deep}}`;
    expect(memberSource(json, 'data')).toBe(deep);
  });

  test('does not keep the text that it was cut from in memory', () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const text = `{"a":"${'x'.repeat(1_000_000)}","data":{"text":"longer than a few characters"}}`;
    collect();
    const before = process.memoryUsage().heapUsed;
    const kept = Array.from({ length: 50 }, (_, index) =>
      memberSource(Buffer.from(text.replace('x', String(index))).toString(), 'data'),
    );
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
    expect(new Set(kept)).toHaveLength(1);
  });
});

describe('the sources of a member of the elements of an array', () => {
  test.each<[string, (string | undefined)[]]>([
    [
      '{"batch":[ {"data":1.0} , 2 , {"b":[3]} , [] , {"data":{"a":1},"data": [ ] } ] }',
      ['1.0', undefined, undefined, undefined, '[ ]'],
    ],
    ['{"batch":[ ]}', []],
    ['{"batch":{"data":1}}', []],
    ['{"batch":[{"data":1}],"batch":[{"data":-0},{"data":2}]}', ['-0', '2']],
    ['{"batch":[{"data":1}],"batch":null}', []],
    ['{"a":{"batch":[{"data":1}]}}', []],
  ])('in %s are %j', (json, sources) => {
    expect(memberSources(json, 'batch', 'data')).toEqual(sources);
  });
});
