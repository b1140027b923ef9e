import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  addressGroup,
  Admissions,
  type AdmissionPolicy,
  type AddressUse,
} from '../../../src/apps/admissions.ts';
import { application, greeting } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

const unlimited: AdmissionPolicy = {
  maxConnections: Infinity,
  maxConnectionsPerAddress: Infinity,
  maxNewConnectionsPerAddress: Infinity,
};

function stage(policy: Partial<AdmissionPolicy>) {
  const refused = vi.fn();
  const admissions = new Admissions({ ...unlimited, ...policy });
  const given = hubStage({ admissions, apps: [application()], metrics: { refused } });
  const open = (remoteAddress: string, key = 'app-key') => {
    const socket = given.node.socket();
    const session = given.hub.open(socket, greeting(key, { remoteAddress }));
    return { socket, session, leave: () => session && given.hub.closed(session) };
  };
  return { ...given, admissions, refused, open };
}

describe('connections', () => {
  test('of one address are limited, and others are not delayed', () => {
    const { open, refused } = stage({ maxConnectionsPerAddress: 2 });
    const first = open('192.0.2.1');
    open('192.0.2.1').socket.expectOpen();
    open('192.0.2.1').socket.expectClosed(
      4100,
      'Over capacity: your address has 2 connections, the most that are accepted',
    );
    open('192.0.2.2').socket.expectOpen();
    expect(refused).toHaveBeenCalledExactlyOnceWith('1', 'connection', 'address_full');
    first.leave();
    first.leave();
    open('192.0.2.1').socket.expectOpen();
    open('192.0.2.1').socket.expectClosed(4100);
  });

  test('of the whole node are limited', () => {
    const { open, refused } = stage({ maxConnections: 2 });
    const first = open('192.0.2.1');
    open('192.0.2.2').socket.expectOpen();
    open('192.0.2.3').socket.expectClosed(4100);
    expect(refused).toHaveBeenCalledExactlyOnceWith('1', 'connection', 'server_full');
    first.leave();
    open('192.0.2.3').socket.expectOpen();
  });

  test('of one address have a limited rate, including those that are refused for their key', async () => {
    const { open, advance, refused } = stage({ maxNewConnectionsPerAddress: 1 });
    for (let count = 0; count < 10; count += 1) open('192.0.2.1', 'no-key').socket.expectClosed(4001);
    open('192.0.2.1').socket.expectClosed(4100);
    expect(refused).toHaveBeenLastCalledWith('1', 'connection', 'address_too_fast');
    open('192.0.2.2').socket.expectOpen();
    await advance(1000);
    open('192.0.2.1').socket.expectOpen();
    open('192.0.2.1').socket.expectClosed(4100);
  });

  test('take no place if they are refused', () => {
    const { open } = stage({ maxConnections: 1, maxConnectionsPerAddress: 1 });
    for (let count = 0; count < 5; count += 1) open('192.0.2.1', 'no-key').socket.expectClosed(4001);
    open('192.0.2.1').socket.expectOpen();
  });

  test('are unlimited unless configured, and no address is remembered then', () => {
    const { open, admissions } = stage({});
    for (let count = 0; count < 1000; count += 1) open('192.0.2.1').socket.expectOpen();
    expect(admissions.size).toBe(0);
  });
});

test('of addresses that are gone are forgotten', () => {
  const admissions = new Admissions({ ...unlimited, maxNewConnectionsPerAddress: 1 });
  for (let index = 0; index < 1000; index += 1) {
    const seat = admissions.enter(`10.0.${index >> 8}.${index & 255}`, 0);
    if (seat !== undefined && 'open' in seat && index > 0) admissions.leave(seat);
  }
  admissions.enter('192.0.2.1', 10_000);
  expect(admissions.size).toBe(2);
});

test('stay within the limits and are counted correctly, whoever connects and disconnects', () => {
  const steps = fc.array(fc.record({ address: fc.constantFrom('a', 'b', 'c'), connects: fc.boolean() }));
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), (all, most, each) => {
      const admissions = new Admissions({
        ...unlimited,
        maxConnections: most,
        maxConnectionsPerAddress: each,
      });
      const open: AddressUse[] = [];
      for (const { address, connects } of all) {
        const here = open.filter((seat) => seat.address === address);
        if (connects) {
          const answer = admissions.enter(address, 0);
          const isFree = open.length < most && here.length < each;
          expect(answer !== undefined && 'open' in answer).toBe(isFree);
          if (answer !== undefined && 'open' in answer) open.push(answer);
        } else if (here[0] !== undefined) {
          admissions.leave(here[0]);
          open.splice(open.indexOf(here[0]), 1);
        }
      }
    }),
  );
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::2:3:4:5', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('of the address %s share the limits of %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});
