import { startEmulator } from 'soketify-emulator';

/** One Soketify for all test files. Vitest runs them in separate processes, which connect to it. */
export default async function setup({ provide }) {
  const soketify = await startEmulator({ control: true, clock: 'virtual' });
  provide('soketifyUrl', soketify.url);
  return () => soketify.close();
}
