import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DemoFault, within } from './fault.ts';

/** The app of the demo. */
export const app = { id: '1', key: 'demo-key', secret: 'demo-secret' };

/** A running emulator. */
export interface RunningServer {
  readonly port: number;
  /** Sends SIGTERM, as an operator would, and resolves to the exit code. */
  stop(): Promise<number | null>;
}

const program = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));

/** Starts the built program on a free port, with one app, one webhook endpoint, and defaults otherwise. */
export async function startServer(webhookUrl: string): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-demo-'));
  const configFile = join(folder, 'config.json');
  const config = { host: '127.0.0.1', apps: [{ ...app, webhooks: [{ url: webhookUrl }] }] };
  writeFileSync(configFile, JSON.stringify(config));
  const args = [program, '--config', configFile, '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<number | null>((resolve) => void child.once('exit', (code) => resolve(code)));
  void exited.then(() => process.removeListener('exit', kill));
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      const port = portOf(line);
      if (port !== null) resolve(port);
    });
    void exited.then((code) =>
      reject(new DemoFault(`The server exited with code ${code} before it listened.`)),
    );
  });
  // The server reads its configuration once, when it starts.
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  const port = await within(10_000, 'The server did not listen', listening).finally(removeFolder);
  return {
    port,
    stop: () => {
      child.kill('SIGTERM');
      return within(10_000, 'The server did not exit after SIGTERM', exited);
    },
  };
}

function portOf(line: string): number | null {
  try {
    const entry = JSON.parse(line) as { msg?: unknown; port?: unknown };
    return entry.msg === 'listening' && typeof entry.port === 'number' ? entry.port : null;
  } catch {
    return null; // Not a log entry.
  }
}
