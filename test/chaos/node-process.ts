import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isRunning, killChild, launch } from './children.ts';
import { configOf, type EndpointSetting, type NodeSetting } from './settings.ts';

const program = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));
const startLimitMs = 10_000;
const stopLimitMs = 15_000;
/** How many lines of each node's log are kept. */
const keptLines = 200;

/** What is needed to start a node. */
export interface NodeOptions extends NodeSetting {
  readonly folder: string;
  /** Called with each line of its log. */
  readonly onLine: (line: string) => void;
  /** Called with the process as soon as it exists. */
  readonly onChild?: (child: ChildProcess) => void;
}

/** One node: the built program in a process of its own. */
export class NodeProcess {
  readonly name: string;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #options: NodeOptions;
  #port = 0;
  #isEnding = false;

  private constructor(child: ChildProcess, options: NodeOptions) {
    this.name = options.name;
    this.#child = child;
    this.#options = options;
    const keep = (line: string) => {
      this.lines.push(line);
      if (this.lines.length > keptLines) this.lines.shift();
      options.onLine(line);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', keep);
    }
  }

  /** Starts the node on a free port, and waits until it listens. */
  static async start(options: NodeOptions): Promise<NodeProcess> {
    await writeFile(fileOf(options), JSON.stringify(configOf(options)));
    const child = launch(process.execPath, [program, '--config', fileOf(options), '--port', '0']);
    options.onChild?.(child);
    const node = new NodeProcess(child, options);
    try {
      await node.#listening();
    } catch (error) {
      await killChild(child);
      throw error;
    }
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get isRunning(): boolean {
    return isRunning(this.#child);
  }

  /** Has the node read a configuration with these endpoints. */
  async reconfigure(endpoints: readonly EndpointSetting[]): Promise<void> {
    await writeFile(fileOf(this.#options), JSON.stringify(configOf({ ...this.#options, endpoints })));
    this.#child.kill('SIGHUP');
  }

  /** Sets the callback for an unexpected exit. */
  onCrash(report: (how: string) => void): void {
    this.#child.once('exit', (code, signal) => {
      if (!this.#isEnding) report(`${this.name} exited unexpectedly with ${code ?? signal}`);
    });
  }

  async kill(): Promise<void> {
    this.#isEnding = true;
    await killChild(this.#child);
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Shuts the node down gracefully. Returns what went wrong, if anything. */
  async terminate(): Promise<string | undefined> {
    this.#isEnding = true;
    if (!this.isRunning) return `${this.name} was not running`;
    const ended = new Promise<number | string>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(code ?? String(signal)));
    });
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), stopLimitMs);
    const how = await ended;
    clearTimeout(limit);
    return how === 0 ? undefined : `${this.name} was asked to shut down and exited with ${how}`;
  }

  #listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Error(`${this.name} ${why}:\n${this.lines.slice(-10).join('\n')}`));
      const limit = setTimeout(() => fail(`did not listen within ${startLimitMs} ms`), startLimitMs);
      const look = setInterval(() => {
        const line = this.lines.find((text) => text.includes('"msg":"listening"'));
        if (line === undefined) return;
        this.#port = (JSON.parse(line) as { port: number }).port;
        done();
        resolve();
      }, 20);
      const done = () => {
        clearTimeout(limit);
        clearInterval(look);
      };
      this.#child.once('exit', (code) => {
        done();
        fail(`exited with ${code} before it listened`);
      });
    });
  }
}

function fileOf({ folder, name }: NodeOptions): string {
  return join(folder, `${name}.json`);
}
