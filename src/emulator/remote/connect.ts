import * as v from 'valibot';
import * as field from '../../config/schema/fields.ts';
import { urlOf, type ServerAddress } from '../addresses.ts';
import { check } from '../check.ts';
import type { EmulatorApp } from '../app-view.ts';
import type { Emulator, EmulatorClock } from '../emulator.ts';
import { invalidArgument } from '../emulator-error.ts';
import { uniqueApp, type AppOptions } from '../options.ts';
import { ControlClient } from './control-client.ts';
import { pathOf, RemoteApp } from './remote-app.ts';
import { RemoteApps, type KnownApp } from './remote-apps.ts';

/**
 * The options of `connectEmulator`.
 *
 * @since 0.1.0
 */
export interface ConnectOptions {
  /** The `control.token` of the emulator. Without a token, only programs on its machine may connect, and secrets are not available. */
  readonly token?: string | undefined;
}

interface ClockState {
  readonly mode: EmulatorClock['mode'];
  readonly nowMs: number;
}

const accepted = field.group({ token: v.exactOptional(field.nonEmptyText()) });

/**
 * Connects to an emulator in another process or container, which serves the control API (`soketify-emulator --control`). The result
 * is the same as that of `startEmulator`, with these differences: `close` ends the connection and not the emulator; a match cannot be
 * a function; without a token, `secret` is known only for the default app and created apps, and `endpoints.list` has no headers.
 * Properties and methods that return no promise, such as `events`, block this thread for a few milliseconds.
 *
 * @param url The URL of the emulator, such as `http://127.0.0.1:6001`, with its `path` if it has one.
 * @param options The token of the emulator, if it has one. Default: none.
 * @throws EmulatorError with ERR_REMOTE if it does not answer or refuses; ERR_ARGUMENT_INVALID if an argument is invalid.
 * @example
 * const soketify = await connectEmulator('http://127.0.0.1:6001');
 * await soketify.webhooks.waitFor({ name: 'member_added', user_id: '42' });
 * @since 0.1.0
 */
export async function connectEmulator(url: string, options: ConnectOptions = {}): Promise<Emulator> {
  const { token } = check(accepted, options, 'connectEmulator');
  const address = addressOf(url);
  const base = urlOf(address);
  const client = new ControlClient(base, token);
  const { mode } = await client.ask<ClockState>({ method: 'GET', path: '/clock' });
  return new RemoteEmulator({ client, apps: new RemoteApps(client), address, url: base, mode });
}

interface RemoteParts {
  readonly client: ControlClient;
  readonly apps: RemoteApps;
  readonly address: ServerAddress;
  readonly url: string;
  readonly mode: EmulatorClock['mode'];
}

class RemoteEmulator extends RemoteApp implements Emulator {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly clock: EmulatorClock;
  readonly #parts: RemoteParts;

  constructor(parts: RemoteParts) {
    super({ ...parts, appId: undefined });
    this.#parts = parts;
    const { client, address, url, mode } = parts;
    this.host = address.host;
    this.port = address.port;
    this.url = url;
    this.clock = {
      mode,
      now: () => client.askNow<ClockState>({ method: 'GET', path: '/clock' }).nowMs,
      async advance(ms) {
        await client.ask({ method: 'POST', path: '/clock/advance', body: { ms } });
      },
    };
  }

  get appIds(): readonly string[] {
    return this.#parts.apps.ids();
  }

  app(id: string): EmulatorApp {
    this.#parts.apps.find(id);
    return this.#view(id);
  }

  async createApp(options?: AppOptions): Promise<EmulatorApp> {
    const { client, apps } = this.#parts;
    // The secret is generated here, because without a token no answer contains it.
    const given = uniqueApp(options);
    if (typeof given !== 'object' || given === null) {
      throw invalidArgument(`createApp: expected an object, got ${JSON.stringify(given)}`);
    }
    const { id, key } = await client.ask<KnownApp>({ method: 'POST', path: '/apps', body: given });
    const secret = 'secret' in given && typeof given.secret === 'string' ? { secret: given.secret } : {};
    apps.add({ id, key, ...secret });
    return this.#view(id);
  }

  async removeApp(id: string): Promise<void> {
    await this.#parts.client.ask({ method: 'DELETE', path: pathOf(id) });
    this.#parts.apps.remove(id);
  }

  /** Ends the connection. The emulator continues. */
  async close(): Promise<void> {
    this.#parts.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #view(appId: string): EmulatorApp {
    const { client, apps, address } = this.#parts;
    return new RemoteApp({ client, apps, address, appId });
  }

  protected override summary(): string {
    return `Emulator { url: '${this.url}', clock: '${this.clock.mode}', in another process }`;
  }
}

function addressOf(url: unknown): ServerAddress {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw invalidArgument(
      `connectEmulator: expected the URL of an emulator such as http://127.0.0.1:6001, got ${JSON.stringify(url)}`,
    );
  }
  const isTls = parsed.protocol === 'https:';
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? (isTls ? 443 : 80) : Number(parsed.port),
    path: parsed.pathname.replace(/\/+$/, '').replace(/\/control$/, ''),
    isTls,
  };
}
