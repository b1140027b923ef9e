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

/** What operations on apps work on. */
export interface AppOperationOptions {
  readonly core: EmulatorCore;
  readonly address: () => ServerAddress;
  readonly apps: Apps;
  /** Answers carry the secrets of apps: only those who ask with a token are told. */
  readonly tellsSecrets: boolean;
}

/** Adding and removing apps and their endpoints, and what is true of each now. */
export function appOperations({
  core,
  address,
  apps,
  tellsSecrets,
}: AppOperationOptions): readonly Operation[] {
  const tell = ({ id, key, secret }: Credentials) => {
    // That of the default app everybody knows.
    const isTold = tellsSecrets || secret === defaultApp.secret;
    const env = Object.entries(environment(address(), { id, key, secret }));
    return {
      id,
      key,
      ...(isTold && { secret }),
      env: Object.fromEntries(env.filter(([name]) => isTold || !name.endsWith('_SECRET'))),
    };
  };
  const add = async (body: ParsedObject) => {
    if (tellsSecrets || typeof body['secret'] === 'string') return tell(await apps.add(body));
    throw invalidArgument(
      'secret: missing; without control.token no secret is answered, so name the one that the app is to have',
    );
  };
  return [
    {
      method: 'get',
      path: '/control/apps',
      id: 'listApps',
      summary: 'The apps, and the environment of a process that uses each; secrets only with a token.',
      answer: object({ apps: listOf(ref('App')) }, ['apps']),
      run: () => ({ apps: core.apps().map(({ config }) => tell(config)) }),
    },
    {
      method: 'post',
      path: '/control/apps',
      id: 'createApp',
      summary:
        'Adds an app, as in a configuration file; id, key and, with a token, secret are made up unless they are given.',
      body: { type: 'object' },
      answer: ref('App'),
      run: ({ body }) => add(body),
    },
    {
      method: 'delete',
      path: '/control/apps/{app}',
      id: 'removeApp',
      summary: 'Removes an app: its connections are closed, and no endpoint hears of it.',
      answer: done,
      run: (question) => apps.remove(parameterOf(question, 'app')),
    },
    ...endpointOperations(apps, tellsSecrets),
    {
      method: 'get',
      path: '/control/apps/{app}/channels',
      id: 'listChannels',
      summary: 'The occupied channels of an app, with their members.',
      answer: object({ channels: listOf(ref('Channel')) }, ['channels']),
      run: async (question) => ({
        channels: await describeChannels(core.app(parameterOf(question, 'app')), core.held.ledger),
      }),
    },
    {
      method: 'get',
      path: '/control/apps/{app}/connections',
      id: 'listConnections',
      summary: 'The open connections of an app, with their subscriptions.',
      answer: object({ connections: listOf(ref('Connection')) }, ['connections']),
      run: (question) => ({ connections: describeConnections(core.app(parameterOf(question, 'app'))) }),
    },
  ];
}

/** Headers may be secrets: they are told as those are. */
function endpointOperations(apps: Apps, tellsSecrets: boolean): readonly Operation[] {
  const tell = ({ headers, ...endpoint }: EndpointInfo): object =>
    tellsSecrets ? { ...endpoint, headers } : endpoint;
  const path = '/control/apps/{app}/endpoints';
  return [
    {
      method: 'get',
      path,
      id: 'listEndpoints',
      summary: 'Where the webhooks of an app go; headers only with a token.',
      answer: object({ endpoints: listOf(ref('Endpoint')) }, ['endpoints']),
      run: (question) => ({ endpoints: apps.endpoints(parameterOf(question, 'app')).map(tell) }),
    },
    {
      method: 'post',
      path,
      id: 'addEndpoint',
      summary: 'Adds an endpoint, as in a configuration file; its id is made up unless it is given.',
      body: { type: 'object' },
      answer: ref('Endpoint'),
      run: async (question) => tell(await apps.addEndpoint(parameterOf(question, 'app'), question.body)),
    },
    {
      method: 'put',
      path: `${path}/{endpoint}`,
      id: 'changeEndpoint',
      summary: 'Takes all of an endpoint anew, but for its id; what waits for it is sent to where it is now.',
      body: { type: 'object' },
      answer: ref('Endpoint'),
      run: async (question) =>
        tell(
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
      summary: 'Removes an endpoint; what waits for it is still sent.',
      answer: done,
      run: (question) => apps.removeEndpoint(parameterOf(question, 'app'), parameterOf(question, 'endpoint')),
    },
  ];
}
