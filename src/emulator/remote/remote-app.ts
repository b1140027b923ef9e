import type { EmulatorDelivery, EmulatorEvent } from '../../recording/records.ts';
import {
  clientOptions,
  environment,
  serverOptions,
  type ServerAddress,
  type ClientOptions,
  type ServerOptions,
} from '../addresses.ts';
import type {
  EmulatorApp,
  Endpoints,
  FaultInjection,
  PublishQuestions,
  ResetOptions,
  WebhookQuestions,
} from '../app-view.ts';
import { EmulatorError, fromCaller } from '../emulator-error.ts';
import type { Fault } from '../faults/fault-list.ts';
import type { RunRecord } from '../record/run-record.ts';
import type { ChannelInfo, ConnectionInfo } from '../state.ts';
import type { WaitOptions } from '../waits/waiting.ts';
import type { ControlClient } from './control-client.ts';
import { writeMatch, writeWait } from './match-text.ts';
import type { RemoteApps } from './remote-apps.ts';

/** What a view of an app in another process needs. */
export interface RemoteAppParts {
  readonly client: ControlClient;
  readonly apps: RemoteApps;
  readonly address: ServerAddress;
  /** Undefined: all apps; the first one gives the credentials. */
  readonly appId: string | undefined;
}

/** The view of one app, or of all apps, of an emulator in another process. */
export class RemoteApp implements EmulatorApp {
  readonly webhooks: WebhookQuestions;
  readonly published: PublishQuestions;
  readonly endpoints: Endpoints;
  readonly faults: FaultInjection;
  readonly #parts: RemoteAppParts;

  constructor(parts: RemoteAppParts) {
    const { client, appId: app } = parts;
    this.#parts = parts;
    this.webhooks = webhookQuestions(client, app);
    this.published = publishQuestions(client, app);
    this.endpoints = endpointsOf(client, () => this.id);
    this.faults = faultsOf(client, app);
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.summary();
  }

  /** The fields that `console.log` shows. */
  protected summary(): string {
    const { appId, apps } = this.#parts;
    const key = appId === undefined ? undefined : apps.keyOf(appId);
    return key === undefined
      ? `EmulatorApp { id: '${appId}' }`
      : `EmulatorApp { id: '${appId}', key: '${key}' }`;
  }

  get id(): string {
    return this.#parts.appId ?? this.#parts.apps.first().id;
  }

  get key(): string {
    return this.#parts.apps.of(this.id).key;
  }

  get secret(): string {
    return this.#credentials().secret;
  }

  clientOptions(): ClientOptions {
    return clientOptions(this.#parts.address, this.#parts.apps.of(this.id));
  }

  serverOptions(): ServerOptions {
    return serverOptions(this.#parts.address, this.#credentials());
  }

  env(): Record<string, string> {
    return environment(this.#parts.address, this.#credentials());
  }

  get events(): readonly EmulatorEvent[] {
    const { client, appId: app } = this.#parts;
    return client.askNow<{ events: EmulatorEvent[] }>({ method: 'GET', path: '/events', query: { app } })
      .events;
  }

  get deliveries(): readonly EmulatorDelivery[] {
    const { client, appId: app } = this.#parts;
    return client.askNow<{ deliveries: EmulatorDelivery[] }>({
      method: 'GET',
      path: '/deliveries',
      query: { app },
    }).deliveries;
  }

  async channels(): Promise<readonly ChannelInfo[]> {
    const { client } = this.#parts;
    const lists = await Promise.all(
      this.#ids().map((id) =>
        client.ask<{ channels: ChannelInfo[] }>({ method: 'GET', path: `${pathOf(id)}/channels` }),
      ),
    );
    return lists.flatMap(({ channels }) => channels);
  }

  connections(): readonly ConnectionInfo[] {
    const { client } = this.#parts;
    return this.#ids().flatMap(
      (id) =>
        client.askNow<{ connections: ConnectionInfo[] }>({
          method: 'GET',
          path: `${pathOf(id)}/connections`,
        }).connections,
    );
  }

  record(): Promise<RunRecord> {
    const { client, appId: app } = this.#parts;
    return client.ask<RunRecord>({ method: 'GET', path: '/record', query: { app } });
  }

  async idle(options?: Pick<WaitOptions, 'timeoutMs'>): Promise<void> {
    const { client, appId: app } = this.#parts;
    await fromCaller(client.ask({ method: 'POST', path: '/idle', body: { ...options, app } }));
  }

  async reset(options?: ResetOptions): Promise<void> {
    const { client, appId: app } = this.#parts;
    await client.ask({ method: 'POST', path: '/reset', body: { ...options, app } });
  }

  #ids(): readonly string[] {
    const { appId, apps } = this.#parts;
    return appId === undefined ? apps.ids() : [appId];
  }

  #credentials(): { readonly id: string; readonly key: string; readonly secret: string } {
    const { id, key, secret } = this.#parts.apps.of(this.id);
    if (secret !== undefined) return { id, key, secret };
    throw new EmulatorError(
      'ERR_REMOTE',
      `the emulator sends the secret of the app '${id}' only to clients with a token; start it with control.token (SOKETIFY_CONTROL_TOKEN), and connect with { token }`,
    );
  }
}

/** The path of an app in the control API. */
export function pathOf(appId: string): string {
  return `/apps/${encodeURIComponent(appId)}`;
}

function webhookQuestions(client: ControlClient, app: string | undefined): WebhookQuestions {
  return {
    waitFor: (match, options) => fromCaller(ask(client, '/webhooks/wait-for', { match, options, app })),
    expectNone: (match, options) =>
      fromCaller(rule(client, '/webhooks/expect-none', { match, options, app })),
  };
}

function publishQuestions(client: ControlClient, app: string | undefined): PublishQuestions {
  return {
    get list() {
      return client.askNow<{ published: PublishQuestions['list'] }>({
        method: 'GET',
        path: '/published',
        query: { app },
      }).published;
    },
    waitFor: (match, options) => fromCaller(ask(client, '/published/wait-for', { match, options, app })),
    expectNone: (match, options) =>
      fromCaller(rule(client, '/published/expect-none', { match, options, app })),
  };
}

interface Wait {
  readonly match: unknown;
  readonly options: object | undefined;
  readonly app: string | undefined;
}

async function ask<T extends object>(
  client: ControlClient,
  path: string,
  { match, options, app }: Wait,
): Promise<T> {
  return client.ask<T>({
    method: 'POST',
    path,
    body: { ...writeWait(options), match: writeMatch(match), app },
  });
}

async function rule(client: ControlClient, path: string, wait: Wait): Promise<void> {
  await ask(client, path, wait);
}

function endpointsOf(client: ControlClient, appId: () => string): Endpoints {
  const path = (): string => `${pathOf(appId())}/endpoints`;
  const one = (id: string): string => `${path()}/${encodeURIComponent(id)}`;
  return {
    get list() {
      return client.askNow<{ endpoints: Endpoints['list'] }>({ method: 'GET', path: path() }).endpoints;
    },
    add: async (endpoint) => client.ask({ method: 'POST', path: path(), body: endpoint }),
    change: async (id, endpoint) => client.ask({ method: 'PUT', path: one(id), body: endpoint }),
    async remove(id) {
      await client.ask({ method: 'DELETE', path: one(id) });
    },
  };
}

function faultsOf(client: ControlClient, app: string | undefined): FaultInjection {
  const inject = (kind: string, fault: object): Fault => {
    const path = `/faults/${kind}`;
    const { id, hits } = client.askNow<{ id: number; hits: number }>({
      method: 'POST',
      path,
      body: { ...fault, app },
    });
    // The fault is over already, so there is nothing to clear.
    if (id === 0) return { hits, clear: () => {} };
    return {
      get hits() {
        return client.askNow<{ hits: number }>({ method: 'GET', path: `/faults/${id}` }).hits;
      },
      clear: () => void client.askNow({ method: 'DELETE', path: `/faults/${id}` }),
    };
  };
  return {
    webhooks: (fault) => inject('webhooks', fault),
    connections: (fault) => inject('connections', fault),
    api: (fault) => inject('api', fault),
    clear: () => void client.askNow({ method: 'DELETE', path: '/faults', query: { app } }),
  };
}
