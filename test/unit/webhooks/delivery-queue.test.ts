import { expect, test } from 'vitest';
import { DeliveryShell, defaultPolicy } from '../../support/property/delivery-shell.ts';

test('an event counts 500 bytes in addition to its JSON towards the bound of the queue', () => {
  const dead = () => ({ ok: false, takesMs: 0 });
  const shell = new DeliveryShell({ ...defaultPolicy, queueMaxBytes: 10 * 560 }, dead);
  for (let index = 0; index < 10; index += 1) shell.push(`room-${index}`, 'channel_occupied', 60);
  expect(shell.drops).toEqual([]);
  expect(shell.queue.bytes).toBe(5600);
  shell.push('room-10', 'channel_occupied', 60);
  expect(shell.drops).toMatchObject([{ reason: 'overflow', events: [{ event: { channel: 'room-0' } }] }]);
});
