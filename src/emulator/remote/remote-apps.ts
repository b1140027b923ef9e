import { EmulatorError } from '../emulator-error.ts';
import type { ControlClient } from './control-client.ts';

/** What is known of an app. The secret is known only with a token, or if it was generated here. */
export interface KnownApp {
  readonly id: string;
  readonly key: string;
  readonly secret?: string;
}

/** The apps of an emulator in another process. */
export class RemoteApps {
  readonly #client: ControlClient;
  /** The known apps. The key and secret of an app do not change while it exists; another process may remove it. */
  #known = new Map<string, KnownApp>();

  constructor(client: ControlClient) {
    this.#client = client;
  }

  /** Adds an app. */
  add(app: KnownApp): void {
    this.#known.set(app.id, app);
  }

  /** Removes an app. */
  remove(appId: string): void {
    this.#known.delete(appId);
  }

  first(): KnownApp {
    const [first] = this.ids();
    if (first === undefined) throw new Error('a server has at least one app');
    return this.of(first);
  }

  ids(): readonly string[] {
    const { apps } = this.#client.askNow<{ apps: readonly KnownApp[] }>({ method: 'GET', path: '/apps' });
    this.#known = new Map(apps.map((app) => [app.id, this.#withSecret(app)]));
    return apps.map(({ id }) => id);
  }

  /** The key of an app, without a request; undefined if it is not known. */
  keyOf(appId: string): string | undefined {
    return this.#known.get(appId)?.key;
  }

  /** Returns one app, as known from earlier answers. Throws ERR_APP_UNKNOWN if there is no such app. */
  of(appId: string): KnownApp {
    return this.#known.get(appId) ?? this.find(appId);
  }

  /** The same, as the emulator knows it now. */
  find(appId: string): KnownApp {
    const ids = this.ids();
    const found = this.#known.get(appId);
    if (found !== undefined) return found;
    throw new EmulatorError('ERR_APP_UNKNOWN', `there is no app '${appId}'; known apps: ${ids.join(', ')}`);
  }

  /** Adds the secret to an app without one, if it is known from the creation of the app. An app with another key is another app. */
  #withSecret(app: KnownApp): KnownApp {
    const known = this.#known.get(app.id);
    return known?.key === app.key ? { ...known, ...app } : app;
  }
}
