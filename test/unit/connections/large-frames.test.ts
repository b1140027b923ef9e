import { describe, expect, test, vi } from 'vitest';
import type { LogFields } from '../../../src/ports/log.ts';
import { application } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

function stage() {
  const lines: { readonly message: string; readonly fields: LogFields }[] = [];
  const refused = vi.fn();
  const given = hubStage({
    metrics: { refused },
    log: { info: (fields, message) => void lines.push({ message, fields }) },
  });
  return { ...given, lines, refused };
}

describe('a frame that is too large', () => {
  test('closes its connection, which is counted and logged once', () => {
    const { connect, hub, lines, refused, clock } = stage();
    const actor = connect();
    hub.accepts(actor.session, 300_000);
    hub.accepts(actor.session, 300_000);
    actor.socket.expectClosed(4100);
    expect(refused).toHaveBeenCalledExactlyOnceWith('1', 'message', 'frame_too_large');
    clock.advanceSync(5000);
    const fields = {
      appId: '1',
      socketId: actor.id,
      reason: 'frame_too_large',
      code: 4100,
      error: 'Message is too large: got 300000 bytes, at most 262144 are accepted',
    };
    expect(lines).toEqual([{ message: 'message refused', fields }]);
  });

  test('causes a leave', async () => {
    const given = stage();
    const actor = given.connect().join('news');
    given.hub.tooLarge(actor.session);
    await given.advance(3000);
    expect(given.outbox.takeLines()).toEqual(['channel_occupied news', 'channel_vacated news']);
  });

  test('causes one log line a second, however many clients send one', () => {
    const { connect, hub, lines, refused, clock } = stage();
    for (let count = 0; count < 500; count += 1) hub.accepts(connect().session, 300_000);
    clock.advanceSync(1000);
    expect(refused).toHaveBeenCalledTimes(500);
    expect(lines.map(({ fields }) => fields['times'])).toEqual([undefined, 499]);
  });

  test('is measured by the current limits of its app', () => {
    const { connect, hub, apps } = stage();
    const { session } = connect();
    expect(hub.accepts(session, 262_144)).toBe(true);
    apps.replace([application({ limits: { eventDataBytes: 1_000_000 } })]);
    expect(hub.accepts(session, 262_145)).toBe(true);
    apps.replace([application()]);
    expect(hub.accepts(session, 262_145)).toBe(false);
  });
});
