import { urlOf, type ServerAddress, type Credentials } from './addresses.ts';
import type { Apps } from './apps.ts';
import type { AppOptions } from './options.ts';
import { AppView, type EmulatorApp } from './app-view.ts';
import type { EmulatorCore } from './core.ts';

/**
 * The emulator's time.
 *
 * @example
 * await soketify.clock.advance(3000); // the grace period is over
 * console.log(soketify.clock.now());
 * @since 0.1.0
 */
export interface EmulatorClock {
  /** `virtual`: time stands still until `advance` or a wait moves it. `real`: time also passes by itself. */
  readonly mode: 'real' | 'virtual';
  /** Milliseconds since the start. */
  now(): number;
  /**
   * Moves the clock by this many milliseconds. Resolves after everything that became due has been done.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID if `ms` is not a duration; ERR_CLOSED if the emulator is closed.
   */
  advance(ms: number): Promise<void>;
}

/**
 * A running emulator. Its methods apply to all apps; `app(id)` returns the same methods for one app.
 *
 * @example
 * await using soketify = await startEmulator({ clock: 'virtual' });
 * const shop = await soketify.createApp({ webhooks: [{ url: receiver.url }] });
 * shop.faults.webhooks({ status: 500, times: 2 });
 * await soketify.clock.advance(3000);
 * @since 0.1.0
 */
export interface Emulator extends EmulatorApp, AsyncDisposable {
  /** The host that it listens on. */
  readonly host: string;
  /** The port that it listens on. */
  readonly port: number;
  /** The base URL of the HTTP API, such as `http://127.0.0.1:6001`. */
  readonly url: string;
  /** The clock of the emulator. */
  readonly clock: EmulatorClock;
  /** The ids of the apps. */
  readonly appIds: readonly string[];
  /**
   * Returns the view of one app: waits, records, faults and `reset` for this app only.
   *
   * @throws EmulatorError with ERR_APP_UNKNOWN if there is no such app.
   */
  app(id: string): EmulatorApp;
  /**
   * Adds an app, for instance for one test. A missing id, key or secret is generated.
   *
   * @throws EmulatorError with ERR_CONFIG_INVALID if an option is invalid; ERR_APP_EXISTS if the id or key is taken.
   */
  createApp(options?: AppOptions): Promise<EmulatorApp>;
  /**
   * Removes an app and closes its connections. No webhook is sent for it.
   *
   * @throws EmulatorError with ERR_APP_UNKNOWN if there is no such app; ERR_ARGUMENT_INVALID if it is the last one.
   */
  removeApp(id: string): Promise<void>;
  /** Stops the emulator: closes the connections, gives up pending webhooks, and leaves no open handle. Calling it again does nothing. */
  close(): Promise<void>;
}

/** What an emulator is built from. */
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
