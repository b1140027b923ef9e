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
  /** `virtual`: time stands still until it is moved. `real`: time also passes by itself. */
  readonly mode: 'real' | 'virtual';
  /** Milliseconds since the start. */
  now(): number;
  /**
   * Lets so much time pass now, in milliseconds, and resolves when what fell due in it has been done.
   *
   * @throws EmulatorError with ERR_ARGUMENT_INVALID when `ms` is not a duration, ERR_CLOSED when the emulator is closed.
   */
  advance(ms: number): Promise<void>;
}

/**
 * A running emulator. What it can say and do of all its apps it can of each of them, by `app(id)`.
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
  /** Its time. */
  readonly clock: EmulatorClock;
  /** The ids of the apps. */
  readonly appIds: readonly string[];
  /**
   * One app: questions, records, faults and reset of it alone.
   *
   * @throws EmulatorError with ERR_APP_UNKNOWN when there is no such app.
   */
  app(id: string): EmulatorApp;
  /**
   * Adds an app for a test of its own. Id, key and secret are random unless they are given.
   *
   * @throws EmulatorError with ERR_CONFIG_INVALID when an option is wrong, ERR_APP_EXISTS when its id or key is taken.
   */
  createApp(options?: AppOptions): Promise<EmulatorApp>;
  /**
   * Removes an app. Its connections are closed, and no endpoint receives a webhook about it.
   *
   * @throws EmulatorError with ERR_APP_UNKNOWN when there is no such app, ERR_ARGUMENT_INVALID when it is the last one.
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
