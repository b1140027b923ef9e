// Compiled, not run: the types as CommonJS sees them.
import { EmulatorError, startEmulator, type Emulator, type EmulatorEvent } from 'soketify-emulator';

export async function member(): Promise<EmulatorEvent> {
  const soketify: Emulator = await startEmulator({ clock: 'virtual', apps: [{ id: '1' }] });
  // @ts-expect-error -- there is no such event
  await soketify.webhooks.expectNone({ name: 'member_gone' });
  const code: 'ERR_CLOSED' | undefined = new Error() instanceof EmulatorError ? undefined : 'ERR_CLOSED';
  if (code === undefined) throw new EmulatorError('ERR_START', 'never');
  // @ts-expect-error -- there is no such code
  if (code !== 'ERR_CLOSED') throw new EmulatorError('ERR_NONE', '');
  return soketify.webhooks.waitFor({ name: 'member_added', user_id: /^4/ });
}
