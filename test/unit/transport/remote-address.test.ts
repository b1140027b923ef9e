import { describe, expect, test } from 'vitest';
import { clientAddress, createTrust, formatAddress } from '../../../src/transport/remote-address.ts';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('an address as text', () => {
  test.each([
    ['7f000001', '127.0.0.1'],
    ['ffffffff', '255.255.255.255'],
    ['00000000000000000000ffff7f000001', '127.0.0.1'],
    ['00000000000000000000000000000001', '::1'],
    ['00000000000000000000000000000000', '::'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000100020003000400050006', '2001:db8:1:2:3:4:5:6'],
    ['fe80000000000000020000fffe000001', 'fe80::200:ff:fe00:1'],
    ['', ''],
    ['7f0000', ''],
  ])('of the bytes %s is "%s"', (hex, text) => {
    expect(formatAddress(bytes(hex))).toBe(text);
  });
});

describe('trust', () => {
  test.each([
    ['10.0.0.1', ['10.0.0.1'], true],
    ['10.0.0.2', ['10.0.0.1'], false],
    ['10.255.0.1', ['10.0.0.0/8'], true],
    ['11.0.0.1', ['10.0.0.0/8'], false],
    ['11.0.0.1', ['0.0.0.0/0'], true],
    ['::1', ['::1'], true],
    ['2001:db8::1', ['2001:db8::/32'], true],
    ['2001:db9::1', ['2001:db8::/32'], false],
    ['10.0.0.1', ['::ffff:10.0.0.0/104'], true],
    ['10.0.0.1', ['192.168.0.0/16', '10.0.0.0/8'], true],
    ['10.0.0.1', [], false],
    ['', ['0.0.0.0/0'], false],
    ['unknown', ['0.0.0.0/0'], false],
  ])('in "%s" with %j is %s', (address, networks, expected) => {
    expect(createTrust(networks)(address)).toBe(expected);
  });
});

describe('the client behind proxies', () => {
  const isTrusted = createTrust(['10.0.0.0/8', '::1']);

  test.each([
    ['of a peer that is not trusted is the peer', '192.0.2.1', '198.51.100.1', '192.0.2.1'],
    ['that nobody names is the proxy', '10.0.0.1', '', '10.0.0.1'],
    ['is the one that the proxy names', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['is the last one that is not trusted', '10.0.0.1', '203.0.113.9, 198.51.100.1,10.2.2.2', '198.51.100.1'],
    ['cannot be feigned', '10.0.0.1', '10.9.9.9, 198.51.100.1', '198.51.100.1'],
    ['is the first when all are trusted', '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['is the one before which there is garbage', '10.0.0.1', '198.51.100.1, garbage, 10.0.0.2', '10.0.0.2'],
    ['is not behind an empty entry', '10.0.0.1', '198.51.100.1,,10.0.0.2', '10.0.0.2'],
    ['is not "unknown"', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['is no number that is no address', '10.0.0.1', '1.2.3.4.5, 300.1.1.1', '10.0.0.1'],
    ['may be named with a port', '10.0.0.1', '198.51.100.1:5555', '198.51.100.1'],
    ['may be named in brackets', '10.0.0.1', '[2001:db8:0::1]:443', '2001:db8::1'],
    ['may be named in IPv6', '::1', '2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['may be IPv4 in IPv6', '::1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['has no zone', '::1', 'fe80::1%eth0', '::1'],
  ])('%s', (_, peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor, isTrusted)).toBe(expected);
  });

  test('is found in time that grows only linearly with the list', () => {
    const list = Array.from({ length: 10_000 }, () => '10.1.1.1').join(',');
    expect(clientAddress('10.0.0.1', `198.51.100.1,${list}`, isTrusted)).toBe('198.51.100.1');
  });
});
