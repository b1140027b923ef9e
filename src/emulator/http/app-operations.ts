import { defaultApp } from '../../config/default-app.ts';
import { environment, type ServerAddress, type Credentials } from '../addresses.ts';
import type { Apps } from '../apps.ts';
import type { EndpointInfo } from '../options.ts';
import type { ParsedObject } from '../../protocol/decode.ts';
import { invalidArgument } from '../emulator-error.ts';
import { parameterOf, type Operation } from '../../operations/operation.ts';
import { done, listOf, object } from '../../operations/schema.ts';
import { ref } from './schemas.ts';
import type { EmulatorCore } from '../core.ts';
import { describeChannels, describeConnections } from '../state.ts';

/** What operations on apps need. */
export interface AppOperationOptions {
  readonly core: EmulatorCore;
  readonly address: () => ServerAddress;
  readonly apps: Apps;
  /** Responses contain the secrets of apps, but only for callers with a token. */
  readonly includesSecrets: boolean;
}

/** Operations that list, add and remove apps and endpoints, and show the current state. */
export function appOperations({
  core,
  address,
  apps,
  includesSecrets,
}: AppOperationOptions): readonly Operation[] {
  const describeApp = ({ id, key, secret }: Credentials) => {
    // The secret of the default app is public.
    const isIncluded = includesSecrets || secret === defaultApp.secret;
    const env = Object.entries(environment(address(), { id, key, secret }));
    return {
      id,
      key,
      ...(isIncluded && { secret }),
      env: Object.fromEntries(env.filter(([name]) => isIncluded || !name.endsWith('_SECRET'))),
    };
  };
  const add = async (body: ParsedObject) => {
    if (includesSecrets || typeof body['secret'] === 'string') return describeApp(await apps.add(body));
    throw invalidArgument(
      'secret: missing; without control.token the response contains no secrets, so give the secret of the new app',
    );
  };
  return [
    {
      method: 'get',
      path: '/control/apps',
      id: 'listApps',
      summary:
        'Lists the apps, with the environment variables for a process that uses each. Secrets are included only with a token.',
      answer: object({ apps: listOf(ref('App')) }, ['apps']),
      run: () => ({ apps: core.apps().map(({ config }) => describeApp(config)) }),
    },
    {
      method: 'post',
      path: '/control/apps',
      id: 'createApp',
      summary:
        'Adds an app, in the form of the configuration file. A missing id or key is generated, and with a token also a missing secret.',
      body: { type: 'object' },
      answer: ref('App'),
      run: ({ body }) => add(body),
    },
    {
      method: 'delete',
      path: '/control/apps/{app}',
      id: 'removeApp',
      summary: 'Removes an app and closes its connections. No webhook is sent for it.',
      answer: done,
      run: (question) => apps.remove(parameterOf(question, 'app')),
    },
    ...endpointOperations(apps, includesSecrets),
    {
      method: 'get',
      path: '/control/apps/{app}/channels',
      id: 'listChannels',
      summary: 'Lists the occupied channels of an app, with their members.',
      answer: object({ channels: listOf(ref('Channel')) }, ['channels']),
      run: async (question) => ({
        channels: await describeChannels(core.app(parameterOf(question, 'app')), core.held.ledger),
      }),
    },
    {
      method: 'get',
      path: '/control/apps/{app}/connections',
      id: 'listConnections',
      summary: 'Lists the open connections of an app, with their subscriptions.',
      answer: object({ connections: listOf(ref('Connection')) }, ['connections']),
      run: (question) => ({ connections: describeConnections(core.app(parameterOf(question, 'app'))) }),
    },
  ];
}

/** Headers may be secret, so they are handled like secrets. */
function endpointOperations(apps: Apps, includesSecrets: boolean): readonly Operation[] {
  const describeEndpoint = ({ headers, ...endpoint }: EndpointInfo): object =>
    includesSecrets ? { ...endpoint, headers } : endpoint;
  const path = '/control/apps/{app}/endpoints';
  return [
    {
      method: 'get',
      path,
      id: 'listEndpoints',
      summary: 'Lists the endpoints of an app. Headers are included only with a token.',
      answer: object({ endpoints: listOf(ref('Endpoint')) }, ['endpoints']),
      run: (question) => ({ endpoints: apps.endpoints(parameterOf(question, 'app')).map(describeEndpoint) }),
    },
    {
      method: 'post',
      path,
      id: 'addEndpoint',
      summary: 'Adds an endpoint, in the form of the configuration file. A missing id is generated.',
      body: { type: 'object' },
      answer: ref('Endpoint'),
      run: async (question) =>
        describeEndpoint(await apps.addEndpoint(parameterOf(question, 'app'), question.body)),
    },
    {
      method: 'put',
      path: `${path}/{endpoint}`,
      id: 'changeEndpoint',
      summary:
        'Replaces the settings of an endpoint except its id. Pending deliveries are sent to its new URL.',
      body: { type: 'object' },
      answer: ref('Endpoint'),
      run: async (question) =>
        describeEndpoint(
          await apps.changeEndpoint(
            parameterOf(question, 'app'),
            parameterOf(question, 'endpoint'),
            question.body,
          ),
        ),
    },
    {
      method: 'delete',
      path: `${path}/{endpoint}`,
      id: 'removeEndpoint',
      summary: 'Removes an endpoint. Pending deliveries are still sent, unless the endpoint is on hold.',
      answer: done,
      run: (question) => apps.removeEndpoint(parameterOf(question, 'app'), parameterOf(question, 'endpoint')),
    },
  ];
}
