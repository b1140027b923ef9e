import type { Journal } from '../journal.ts';
import { launch, type Exit } from './server.ts';

/** `soketify-emulator listen` on a free port. */
export interface Listener extends AsyncDisposable {
  readonly url: string;
  /** Its output with `--json`. */
  readonly lines: Journal<Record<string, unknown>>;
  /** Stops it as Ctrl-C does. */
  interrupt(): Promise<Exit>;
}

/** Starts the built program as a receiver that writes JSON lines. */
export async function startListener(...args: readonly string[]): Promise<Listener> {
  const { child, log, exit } = launch(['listen', '--port', '0', '--json', ...args]);
  const lines = log as Journal<unknown> as Journal<Record<string, unknown>>;
  const exitedEarly = exit.then(({ stderr }): never => {
    throw new Error(`The listener exited before it listened:\n${stderr}`);
  });
  const { url } = await Promise.race([lines.first(({ msg }) => msg === 'listening'), exitedEarly]);
  exitedEarly.catch(() => {});
  const interrupt = () => {
    child.kill('SIGINT');
    return exit;
  };
  return {
    url: String(url),
    lines,
    interrupt,
    [Symbol.asyncDispose]: async () => void (await interrupt()),
  };
}
