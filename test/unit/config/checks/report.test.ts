import { describe, expect, test } from 'vitest';
import { formatPath } from '../../../../src/config/checks/fault.ts';
import { nearest } from '../../../../src/config/checks/nearest.ts';
import { formatFaults } from '../../../../src/config/checks/report.ts';

describe('formatFaults', () => {
  test('puts each path on a line, with its fault below', () => {
    expect(
      formatFaults([
        { path: 'port', message: 'expected a whole number from 0 to 65535, got "x"' },
        { path: 'apps[0].secret', message: 'missing; expected a non-empty string' },
      ]),
    ).toBe(
      [
        'The configuration has 2 faults:',
        '  port',
        '    expected a whole number from 0 to 65535, got "x"',
        '  apps[0].secret',
        '    missing; expected a non-empty string',
      ].join('\n'),
    );
  });

  test('counts one fault as one', () => {
    expect(formatFaults([{ path: 'port', message: 'x' }])).toContain('has 1 fault:');
  });

  test('names the file', () => {
    expect(formatFaults([{ path: 'port', message: 'x' }], 'conf.json')).toContain(
      'The configuration in conf.json has 1 fault:',
    );
  });
});

describe('formatPath', () => {
  test.each([
    [['apps', 0, 'webhooks', 1, 'url'], 'apps[0].webhooks[1].url'],
    [['headers', 'x-extra'], 'headers["x-extra"]'],
    [['$schema'], '$schema'],
    [[''], '[""]'],
    [['a\u202eb'], '["a\\u{202e}b"]'],
  ])('writes %j as %s', (path, formatted) => {
    expect(formatPath(path)).toBe(formatted);
  });
});

describe('nearest', () => {
  test.each([
    ['adress', 'address'],
    ['EVENT_TYPES', 'eventTypes'],
    ['prot', 'port'],
    ['zzz', undefined],
    ['', undefined],
    ['x'.repeat(1000), undefined],
  ])('of %s is %s', (name, expected) => {
    expect(nearest(name, ['port', 'address', 'eventTypes'])).toBe(expected);
  });
});
