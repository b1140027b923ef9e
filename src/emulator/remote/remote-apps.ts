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
  /** The known apps. The key and secret of an app do not change while it exists. */
  readonly #known = new Map<string, KnownApp>();

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
    for (const app of apps) if (!this.#known.has(app.id)) this.add(app);
    return apps.map(({ id }) => id);
  }

  /** Returns one app. Throws ERR_APP_UNKNOWN if there is no such app. */
  of(appId: string): KnownApp {
    const known = this.#known.get(appId);
    if (known !== undefined) return known;
    const ids = this.ids();
    const found = this.#known.get(appId);
    if (found !== undefined && ids.includes(appId)) return found;
    throw new EmulatorError('ERR_APP_UNKNOWN', `there is no app '${appId}'; known apps: ${ids.join(', ')}`);
  }
}
