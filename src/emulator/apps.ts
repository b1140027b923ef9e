import type { ConfigFault } from '../config/checks/fault.ts';
import { isObject } from '../protocol/json-value.ts';
import { parseApps, parseEndpoint, relativeTo } from '../config/parse-one.ts';
import { formatFaults } from '../config/checks/report.ts';
import type { AppConfig, Config, EndpointConfig } from '../config/schema/schema.ts';
import { ChangeError } from '../configuration/change-error.ts';
import { addEndpoint, changeEndpoint, removeEndpoint, takenIds } from '../configuration/edit-endpoints.ts';
import { servedApp, type EditContext } from '../configuration/edit.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import { findClash, withApp, withoutApp } from '../configuration/run-time-changes.ts';
import type { ClosingError } from '../protocol/errors.ts';
import type { Credentials } from './addresses.ts';
import type { EmulatorCore } from './core.ts';
import { EmulatorError, invalidArgument, type EmulatorErrorCode } from './emulator-error.ts';
import { uniqueApp, type EndpointInfo } from './options.ts';

/** What changes of apps need. */
export interface AppsOptions {
  readonly core: EmulatorCore;
  readonly configuration: () => ConfigurationInForce;
  /** The error with which the clients of a removed app are closed. */
  readonly removed: ClosingError;
}

/**
 * Adds, changes and removes the apps of a running server and their endpoints, including those from the configuration file.
 * Input is checked like the content of a configuration file. Every rejection is an EmulatorError.
 */
export class Apps {
  readonly #options: AppsOptions;

  constructor(options: AppsOptions) {
    this.#options = options;
  }

  /** Adds an app; a missing id, key or secret is generated. */
  async add(options: unknown): Promise<Credentials> {
    const configuration = this.#configuration();
    const app = appOf(options, configuration.current);
    await configuration.change((changes, { current }) => {
      refuseTaken(app, current);
      return withApp(changes, app);
    });
    return app;
  }

  /** Removes an app and closes its connections. No webhook is sent for it. */
  async remove(appId: string): Promise<void> {
    const { core, removed } = this.#options;
    await this.#configuration().change((changes, { current }) => {
      core.app(appId);
      if (current.apps.length === 1) {
        throw invalidArgument(`'${appId}' is the last app; a server needs at least one`);
      }
      core.forget(appId, removed);
      return withoutApp(changes, appId);
    });
  }

  /** The endpoints of an app. */
  endpoints(appId: string): readonly EndpointInfo[] {
    return this.#app(appId).webhooks.map(describe);
  }

  /** Adds an endpoint to an app; a missing id is generated. */
  async addEndpoint(appId: string, options: unknown): Promise<EndpointInfo> {
    this.#app(appId);
    let added: EndpointConfig | undefined;
    await this.#change((changes, context) => {
      const app = servedApp(changes, context, appId);
      added = endpointOf(options, { app, context, taken: takenIds(changes, context, appId) });
      return addEndpoint(appId, added)(changes, context);
    });
    return this.#endpoint(appId, added?.id ?? '');
  }

  /** Replaces the settings of an endpoint, except its id. Pending deliveries stay. */
  async changeEndpoint(appId: string, endpointId: string, options: unknown): Promise<EndpointInfo> {
    const { isSetAtRunTime } = this.#config(appId, endpointId);
    const whole = isObject(options) ? { id: endpointId, ...options } : options;
    if (isObject(whole) && whole['id'] !== endpointId) {
      throw invalidArgument(
        `id: the id of an endpoint cannot change; expected '${endpointId}', or leave it out`,
      );
    }
    if (isSetAtRunTime === true) {
      await this.#change((changes, context) => {
        const app = servedApp(changes, context, appId);
        const next = endpointOf(whole, { app, context, taken: new Set() });
        return changeEndpoint(appId, next)(changes, context);
      });
    } else {
      const { editContext: context } = this.#configuration();
      const app = this.#app(appId);
      const { isSetAtRunTime: _, ...next } = endpointOf(whole, { app, context, taken: new Set() });
      await this.#amend(appId, (endpoint) => (endpoint.id === endpointId ? [next] : [endpoint]));
    }
    return this.#endpoint(appId, endpointId);
  }

  /** Removes an endpoint. Pending deliveries are still sent, unless the endpoint is on hold. */
  async removeEndpoint(appId: string, endpointId: string): Promise<void> {
    const { isSetAtRunTime } = this.#config(appId, endpointId);
    if (isSetAtRunTime === true) return this.#change(removeEndpoint(appId, endpointId));
    return this.#amend(appId, (endpoint) => (endpoint.id === endpointId ? [] : [endpoint]));
  }

  #configuration(): ConfigurationInForce {
    // A closed server takes no changes.
    void this.#options.core.held;
    return this.#options.configuration();
  }

  #app(appId: string): AppConfig {
    this.#options.core.app(appId);
    const app = this.#configuration().current.apps.find(({ id }) => id === appId);
    if (app === undefined) throw new Error('an app that is served is configured');
    return app;
  }

  #config(appId: string, endpointId: string): EndpointConfig {
    const { webhooks } = this.#app(appId);
    const found = webhooks.find(({ id }) => id === endpointId);
    if (found !== undefined) return found;
    const known = webhooks.map(({ id, url }) => `${id} (${url})`).join(', ') || 'none';
    throw new EmulatorError(
      'ERR_ENDPOINT_UNKNOWN',
      `the app '${appId}' has no endpoint '${endpointId}'; known endpoints: ${known}`,
    );
  }

  #endpoint(appId: string, endpointId: string): EndpointInfo {
    return describe(this.#config(appId, endpointId));
  }

  async #change(edit: Parameters<ConfigurationInForce['change']>[0]): Promise<void> {
    await this.#configuration().change(edit).catch(refuseChange);
  }

  /** Changes endpoints that come from the options or the configuration file. */
  async #amend(
    appId: string,
    change: (endpoint: EndpointConfig) => readonly EndpointConfig[],
  ): Promise<void> {
    const amended = this.#configuration().amend((file) => ({
      ...file,
      apps: file.apps.map((app) =>
        app.id === appId ? { ...app, webhooks: app.webhooks.flatMap(change) } : app,
      ),
    }));
    await amended.catch(refuseChange);
  }
}

function describe(endpoint: EndpointConfig): EndpointInfo {
  const { id, url, enabled, eventTypes, channels, headers, standardSignature, reconcile, batch } = endpoint;
  return {
    id,
    url,
    enabled,
    eventTypes,
    channels,
    headers,
    standardSignature,
    reconcile,
    ...(batch && { batch }),
  };
}

function endpointOf(
  options: unknown,
  {
    app,
    context: { current, env },
    taken,
  }: { readonly app: AppConfig; readonly context: EditContext; readonly taken: ReadonlySet<string> },
): EndpointConfig {
  const parsed = parseEndpoint(options, { config: current, env, app, taken });
  if (parsed.kind === 'ok') return parsed.value;
  throw invalidConfig(parsed.faults);
}

const codes: Partial<Record<ChangeError['code'], EmulatorErrorCode>> = {
  taken: 'ERR_ENDPOINT_EXISTS',
  'unknown-app': 'ERR_APP_UNKNOWN',
  'unknown-endpoint': 'ERR_ENDPOINT_UNKNOWN',
};

/** Turns a refused change into an EmulatorError. */
function refuseChange(error: unknown): never {
  if (!(error instanceof ChangeError)) throw error;
  throw new EmulatorError(codes[error.code] ?? 'ERR_CONFIG_INVALID', error.message, error);
}

function appOf(options: unknown, config: Config): AppConfig {
  const parsed = parseApps([uniqueApp(options)], { config, env: {} });
  if (parsed.kind === 'invalid') {
    const faults = parsed.faults.map(relativeTo('apps[0]'));
    throw invalidConfig(faults.map(({ path, message }) => ({ path: path === '' ? 'app' : path, message })));
  }
  const [app] = parsed.value;
  if (app === undefined) throw new Error('a configuration has at least one app');
  return app;
}

function refuseTaken(app: AppConfig, { apps }: Config): void {
  const taken = findClash(app, apps);
  if (taken === undefined) return;
  const own = `app('${taken.id}')`;
  throw new EmulatorError(
    'ERR_APP_EXISTS',
    `there is already an app with id '${taken.id}' and key '${taken.key}'. To change its endpoints, use ${own}.endpoints.add, change or remove; to clear its state, use ${own}.reset(). To add another app, leave out id and key, and they are generated`,
  );
}

function invalidConfig(faults: readonly ConfigFault[]): EmulatorError {
  return new EmulatorError('ERR_CONFIG_INVALID', formatFaults(faults));
}
