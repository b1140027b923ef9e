import { describe, expect, test } from 'vitest';
import {
  anyLength,
  channelKind,
  checkedChannelName,
  describeChannelNameFault,
  isChannelName,
  isInternal,
  isUserId,
  serverToUserChannel,
} from '../../../src/protocol/channel-name.ts';
import { vectors } from '../../support/unit/vectors.ts';
import { limits } from '../../support/unit/application.ts';

const kinds = vectors('channel-kinds') as readonly { readonly channel: string; readonly kind: object }[];

describe('the kind of a channel', () => {
  test.each(kinds)('follows from the start of $channel, the longest prefix first', ({ channel, kind }) => {
    expect(channelKind(channel)).toEqual(kind);
  });
});

describe('the name of a channel', () => {
  test.each([
    'a',
    'A-Z_a.z;0,9@x=y',
    'private-',
    '__proto__',
    'x'.repeat(164),
    `presence-${'x'.repeat(155)}`,
    '#server-to-user-7',
    `#server-to-user-${'u'.repeat(128)}`,
    '#server-to-user-a_-=@,.;9',
  ])('may be %.40s', (name) => {
    expect(isChannelName(name, limits)).toBe(true);
  });

  test.each([
    '',
    ' ',
    'a b',
    'a/b',
    'a:b',
    'a\n',
    '\na',
    '\u00e9',
    'a\u0000',
    'x'.repeat(165),
    '#news',
    '#',
    'a#b',
    '#server-to-user-',
    '#server-to-user-a b',
    '#server-to-user-a\n',
    `#server-to-user-${'u'.repeat(129)}`,
    'x#server-to-user-7',
  ])('cannot be %j', (name) => {
    expect(isChannelName(name, limits)).toBe(false);
  });

  test.each([[undefined], [null], [7], [{}], [['a']], [new String('a')]])('cannot be %o', (value) => {
    expect(isChannelName(value, limits)).toBe(false);
  });

  test('may have any length if there is no limit', () => {
    expect(isChannelName('x'.repeat(10_000), anyLength)).toBe(true);
    expect(isUserId('x'.repeat(10_000), anyLength)).toBe(true);
    expect(describeChannelNameFault(7, anyLength)).toContain('a string of any number of the characters A-Z');
  });

  test('that is invalid is reported with what was received and what is accepted', () => {
    expect(describeChannelNameFault('a b', limits)).toBe(
      "Invalid channel name: 'a b' (3 characters). A name has up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;",
    );
    expect(describeChannelNameFault(7, limits)).toBe(
      'Invalid channel name: expected a string of up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;',
    );
    expect(describeChannelNameFault('x'.repeat(100_000), limits).length).toBeLessThan(400);
  });
});

test('the channel of a user who signed in is named after the user', () => {
  expect(serverToUserChannel('42')).toBe('#server-to-user-42');
});

test('only channels whose names begin with # belong to the protocol', () => {
  expect(['#server-to-user-42', 'news', 'news#'].map(isInternal)).toEqual([true, false, false]);
});

test.each([[undefined], [7], [['a']], [new String('a')]])('the id of a user cannot be %o', (value) => {
  expect(isUserId(value, { userIdLength: 128 })).toBe(false);
});

test('a stored name is restored as it was', () => {
  expect(checkedChannelName('presence-a')).toBe('presence-a');
});
