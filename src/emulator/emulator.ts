import { urlOf, type ServerAddress, type Credentials } from './addresses.ts';
import type { Apps } from './apps.ts';
import type { AppOptions } from './options.ts';
import { AppView, type EmulatorApp } from './app-view.ts';
import type { EmulatorCore } from './core.ts';

/** The emulator's time. */
export interface EmulatorClock {
  /** `virtual`: time stands still until it is moved. `real`: it also goes by itself. */
  readonly mode: 'real' | 'virtual';
  /** Milliseconds since the start. */
  now(): number;
  /** Lets so much time pass now, and resolves when what fell due in it has been done. */
  advance(ms: number): Promise<void>;
}

/** A running emulator. What it can say and do of all its apps it can of each of them, by `app(id)`. */
export interface Emulator extends EmulatorApp, AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Where the HTTP API is, such as `http://127.0.0.1:6001`. */
  readonly url: string;
  readonly clock: EmulatorClock;
  /** The ids of the apps. */
  readonly appIds: readonly string[];
  /** One app: questions, records, faults and reset of it alone. Throws when there is no such app. */
  app(id: string): EmulatorApp;
  /** Adds an app, for a test that wants one of its own; id, key and secret are made up unless they are given. */
  createApp(options?: AppOptions): Promise<EmulatorApp>;
  /** Removes an app: its connections are closed, and no endpoint hears of it. */
  removeApp(id: string): Promise<void>;
  /** Ends. Connections are closed, webhooks that wait are given up, and no handle is left. Again, it does nothing. */
  close(): Promise<void>;
}

/** What an emulator is made with. */
export interface EmulatorParts {
  readonly core: EmulatorCore;
  readonly address: ServerAddress;
  readonly apps: Apps;
  readonly close: () => Promise<void>;
}

/** An emulator that runs in this process. */
export class LocalEmulator extends AppView implements Emulator {
  readonly clock: EmulatorClock;
  readonly #parts: EmulatorParts;

  constructor(parts: EmulatorParts) {
    const { core, address, apps } = parts;
    super({ core, address, apps, appId: undefined, named: () => firstOf(core) });
    this.#parts = parts;
    const { clock, pace } = core;
    this.clock = {
      mode: clock.isVirtual ? 'virtual' : 'real',
      now: () => clock.now(),
      advance: (ms) => pace.advance(ms),
    };
  }

  get host(): string {
    return this.#parts.address.host;
  }

  get port(): number {
    return this.#parts.address.port;
  }

  get url(): string {
    return urlOf(this.#parts.address);
  }

  get appIds(): readonly string[] {
    return this.#parts.core.apps().map(({ config }) => config.id);
  }

  app(id: string): EmulatorApp {
    const { core, address, apps } = this.#parts;
    core.app(id);
    return new AppView({ core, address, apps, appId: id, named: () => core.app(id).config });
  }

  async createApp(options?: AppOptions): Promise<EmulatorApp> {
    const { id } = await this.#parts.apps.add(options);
    return this.app(id);
  }

  removeApp(id: string): Promise<void> {
    return this.#parts.apps.remove(id);
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  protected override get kind(): string {
    return 'Emulator';
  }

  protected override summary(): object {
    const { url, clock } = this;
    const apps = this.#parts.core.isClosed ? 'closed' : this.appIds;
    return { url, apps, clock: `${clock.mode}, at ${Math.round(clock.now())} ms` };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function firstOf(core: EmulatorCore): Credentials {
  const [first] = core.apps();
  if (first === undefined) throw new Error('a server has at least one app');
  return first.config;
}
