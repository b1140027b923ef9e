import { expect, test } from 'vitest';
import { isPublicAddress } from '../../../src/delivery/addresses.ts';

test.each([
  '1.1.1.1',
  '9.255.255.255',
  '100.63.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001:81b::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  ['this host', '0.0.0.0'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['link-local, where clouds tell secrets', '169.254.169.254'],
  ["a carrier's own, with the metadata of Alibaba", '100.100.100.200'],
  ['protocol assignments, with the metadata of Oracle', '192.0.0.192'],
  ['the metadata of Azure', '168.63.129.16'],
  ['documentation', '203.0.113.5'],
  ['benchmarks', '198.18.0.1'],
  ['multicast', '224.0.0.1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unspecified', '::'],
  ['loopback', '::1'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['unique local, with the metadata of AWS', 'fd00:ec2::254'],
  ['multicast', 'ff02::1'],
  ['documentation', '2001:db8::1'],
  ['Teredo', '2001:0:53aa:64c::1'],
  ['6to4', '2002:7f00:1::'],
  ['IPv4 as IPv6', '::ffff:127.0.0.1'],
  ['IPv4 as IPv6', '::ffff:a9fe:a9fe'],
  ['IPv4 behind a gateway', '64:ff9b::10.0.0.1'],
  ['no address', 'localhost'],
  ['no address', ''],
])('an address of kind "%s" is not public: %s', (_, address) => {
  expect(isPublicAddress(address)).toBe(false);
});
