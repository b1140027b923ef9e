import { describe, expect, test } from 'vitest';
import { nativeChecksums } from '../../../src/transport/native-checksums.ts';
import { thisMachine, unmetNeed, type Machine } from '../../../src/transport/native-needs.ts';

const good: Machine = { platform: 'linux', arch: 'x64', node: '24.11.0', modules: '137', glibc: '2.41' };

describe('what the native library needs', () => {
  test('is met by the machine that runs this test', () => {
    expect(unmetNeed(thisMachine())).toBeUndefined();
  });

  test.each<[string, Partial<Machine>]>([
    ['Node 24 and glibc 2.41', {}],
    ['Node 22 and glibc 2.38', { node: '22.12.0', modules: '127', glibc: '2.38' }],
    ['Node 20 and glibc 2.36', { node: '20.19.0', modules: '115', glibc: '2.36' }],
    ['Node 20 and glibc 2.27, on arm64', { arch: 'arm64', node: '20.19.0', modules: '115', glibc: '2.27' }],
    ['glibc 3.0', { glibc: '3.0' }],
    ['macOS', { platform: 'darwin', arch: 'arm64', glibc: undefined }],
    ['Windows', { platform: 'win32', glibc: undefined }],
  ])('is met by %s', (_, given) => {
    expect(unmetNeed({ ...good, ...given })).toBeUndefined();
  });

  test.each<[string, Partial<Machine>, RegExp]>([
    ['Alpine', { glibc: undefined }, /^this system has no glibc \(Alpine .*glibc 2\.38 or later \(Debian 13/],
    [
      'an old system with a new Node',
      { glibc: '2.36' },
      /^this system has glibc 2\.36, .* Node 24 needs 2\.38 or later: .*Debian 13.*, or use Node 20 here/,
    ],
    [
      'a system that is too old for any Node',
      { node: '20.19.0', modules: '115', glibc: '2.17' },
      /^this system has glibc 2\.17, .* Node 20 needs 2\.27 or later: [^]*RHEL 8\)\./,
    ],
    ['glibc 1.99', { glibc: '1.99' }, /has glibc 1\.99/],
    [
      'a Node that is not supported',
      { node: '23.5.0', modules: '131' },
      /^Node 23\.5\.0 is not supported; use Node 20, Node 22 or Node 24\./,
    ],
    [
      'another processor',
      { arch: 'riscv64' },
      /^there is no binary for linux riscv64; use linux x64, .* or win32 x64\./,
    ],
  ])('is not met by %s, and the message says what is', (_, given, message) => {
    expect(unmetNeed({ ...good, ...given })).toMatch(message);
  });

  test('has a recorded binary for each supported combination', () => {
    for (const [platform, arch] of [
      ['linux', 'x64'],
      ['linux', 'arm64'],
      ['darwin', 'x64'],
      ['darwin', 'arm64'],
      ['win32', 'x64'],
    ]) {
      for (const modules of ['115', '127', '137']) {
        expect(nativeChecksums).toHaveProperty([`uws_${platform}_${arch}_${modules}.node`]);
      }
    }
  });
});
