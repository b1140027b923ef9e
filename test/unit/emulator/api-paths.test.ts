import { describe, expect, test } from 'vitest';
import { refuseUnknownPath } from '../../../src/emulator/faults/api-paths.ts';

const patterns = [
  '/realtime/apps/:app/events',
  '/realtime/apps/:app/channels/:channel',
  '/realtime/apps/:app/channels/:channel/users',
];

describe('a path of a fault', () => {
  test.each([
    '',
    '/',
    'events',
    'vent',
    '/events',
    '/eve',
    '/apps/1/events',
    '/realtime/apps/1/events',
    '/1/events',
    '/channels',
    '/channels/',
    '/channels/presence-room',
    'nels/presence-room/users',
    '/room/users',
  ])("may be '%s', which a request can have", (path) => {
    expect(() => refuseUnknownPath(path, patterns)).not.toThrow();
  });

  test.each([
    '/evnts',
    'evnts',
    '/event/',
    'presence-room',
    '/events/room',
    '/channels//users',
    '/apps/1/events/2',
    '/channels/room/users/',
    '//',
  ])("cannot be '%s', which no request can have", (path) => {
    expect(() => refuseUnknownPath(path, patterns)).toThrow(/no path of the HTTP API contains '/);
  });

  test('that is mistyped is refused with the likely one', () => {
    expect(() => refuseUnknownPath('/evnts', patterns)).toThrow(
      "faults.api: path: no path of the HTTP API contains '/evnts'; did you mean '/events'?; expected a part of one of these paths: /events, /channels/NAME, /channels/NAME/users",
    );
  });
});
