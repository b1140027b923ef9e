// Compiled, not run: the types as CommonJS sees them.
import { startEmulator, type Emulator, type EmulatorEvent } from 'soketify-emulator';

export async function member(): Promise<EmulatorEvent> {
  const soketify: Emulator = await startEmulator({ clock: 'virtual', apps: [{ id: '1' }] });
  // @ts-expect-error -- there is no such event
  await soketify.webhooks.expectNone({ name: 'member_gone' });
  return soketify.webhooks.waitFor({ name: 'member_added', user_id: /^4/ });
}
