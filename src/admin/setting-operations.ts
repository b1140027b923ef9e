import type { AppConfig } from '../config/schema/schema.ts';
import type { ConfigurationInForce } from '../configuration/in-force.ts';
import { describeIdle } from '../configuration/describe-idle.ts';
import { exportChanges } from '../configuration/export-changes.ts';
import type { RunTimeSettings } from '../configuration/run-time-settings.ts';
import { OperationError } from '../operations/operation-error.ts';
import { parameterOf, Unchanged, type Operation, type Question } from '../operations/operation.ts';
import { done, listOf, object, type Schema } from '../operations/schema.ts';
import { readApps, type AppReader, type AppSources } from './describe-app.ts';
import { unknownApp } from './parts.ts';
import { bodies, ref } from './schemas.ts';
import type { AppView, EndpointView } from '../views/settings.ts';

/** What the operations on settings need. */
export interface SettingParts extends AppSources {
  readonly configuration: ConfigurationInForce;
  readonly settings: RunTimeSettings;
}

/** The operations that read and change apps, keys and endpoints. */
export function settingOperations(parts: SettingParts): readonly Operation[] {
  return [...appOperations(parts), ...keyOperations(parts), ...endpointOperations(parts)];
}

function appOperations(parts: SettingParts): readonly Operation[] {
  const { configuration, settings } = parts;
  return [
    {
      method: 'get',
      path: '/apps',
      id: 'listApps',
      summary: 'The apps with their keys and endpoints, without secrets.',
      answer: object({ apps: listOf(ref('App')) }, ['apps']),
      run({ isFull }) {
        return { apps: listApps(parts, isFull) };
      },
    },
    {
      method: 'post',
      path: '/apps',
      id: 'addApp',
      summary: 'Adds an app. An id, key or secret that is absent is generated.',
      body: bodies.app,
      answer: ref('App'),
      run: async ({ body, isFull }) => describeApp(parts, (await settings.addApp(body)).id, isFull),
    },
    {
      method: 'get',
      path: '/apps/{app}',
      id: 'showApp',
      summary: 'One app.',
      answer: ref('App'),
      run: (question) => describeApp(parts, parameterOf(question, 'app'), question.isFull),
    },
    {
      method: 'put',
      path: '/apps/{app}',
      id: 'changeApp',
      summary:
        'Changes switches and limits of an app that was added at run time. Absent fields stay unchanged.',
      body: bodies.settings,
      answer: ref('App'),
      async run(question) {
        const id = parameterOf(question, 'app');
        await settings.changeApp(id, question.body);
        return describeApp(parts, id, question.isFull);
      },
    },
    {
      method: 'delete',
      path: '/apps/{app}',
      id: 'removeApp',
      summary:
        'Removes an app that was added at run time. Its endpoints still receive the events of its clients leaving.',
      answer: done,
      run: (question) => settings.removeApp(parameterOf(question, 'app')),
    },
    {
      method: 'get',
      path: '/export',
      id: 'exportSettings',
      summary: 'The settings made at run time, in the format of the configuration file, without secrets.',
      answer: { type: 'object' },
      run: ({ isFull }) => exportChanges(configuration.changes, isFull),
    },
  ];
}

function keyOperations(parts: SettingParts): readonly Operation[] {
  const { settings } = parts;
  return [
    {
      method: 'post',
      path: '/apps/{app}/secrets',
      id: 'showSecrets',
      summary: 'The keys of an app with their secrets.',
      answer: object({ pairs: listOf(ref('KeyPair')) }, ['pairs']),
      run(question) {
        const { key, secret, otherKeys } = configOf(parts, parameterOf(question, 'app'));
        return { pairs: [{ key, secret }, ...otherKeys] };
      },
    },
    {
      method: 'post',
      path: '/apps/{app}/keys',
      id: 'addKey',
      summary: 'Adds a key pair, which is accepted beside the others. An absent key or secret is generated.',
      body: bodies.key,
      answer: ref('KeyPair'),
      run: (question) => settings.addKey(parameterOf(question, 'app'), question.body),
    },
    {
      method: 'post',
      path: '/apps/{app}/keys/{key}/first',
      id: 'makeKeyFirst',
      summary: 'Signs webhooks with this key from now on. The other keys are still accepted.',
      answer: ref('App'),
      async run(question) {
        const id = parameterOf(question, 'app');
        await settings.makeKeyFirst(id, parameterOf(question, 'key'));
        return describeApp(parts, id, question.isFull);
      },
    },
    {
      method: 'delete',
      path: '/apps/{app}/keys/{key}',
      id: 'removeKey',
      summary: 'Removes a key. Clients and backends that still use it are refused.',
      answer: ref('App'),
      async run(question) {
        const id = parameterOf(question, 'app');
        await settings.removeKey(id, parameterOf(question, 'key'));
        return describeApp(parts, id, question.isFull);
      },
    },
  ];
}

function endpointOperations(parts: SettingParts): readonly Operation[] {
  const { settings } = parts;
  const place = (question: Question) =>
    [parameterOf(question, 'app'), parameterOf(question, 'endpoint')] as const;
  /** An operation that changes an endpoint and returns its new state. `run` may resolve with false: nothing was to be changed. */
  const change = (
    described: Pick<Operation, 'method' | 'path' | 'id' | 'summary'> & { readonly body?: Schema },
    run: (appId: string, endpointId: string, body: Question['body']) => Promise<unknown>,
  ): Operation => ({
    ...described,
    answer: ref('Endpoint'),
    async run(question) {
      const [appId, endpointId] = place(question);
      const result = await run(appId, endpointId, question.body);
      const view = describeEndpoint(parts, appId, endpointId, question.isFull);
      return result === false ? new Unchanged(view) : view;
    },
  });
  return [
    {
      method: 'post',
      path: '/apps/{app}/endpoints',
      id: 'addEndpoint',
      summary: 'Adds an endpoint, which receives events from now on.',
      body: bodies.endpoint,
      answer: ref('Endpoint'),
      async run(question) {
        const appId = parameterOf(question, 'app');
        const { id } = await settings.addEndpoint(appId, question.body);
        return describeEndpoint(parts, appId, id, question.isFull);
      },
    },
    change(
      {
        method: 'put',
        path: '/apps/{app}/endpoints/{endpoint}',
        id: 'changeEndpoint',
        summary: 'Replaces all settings of an endpoint that was added at run time.',
        body: bodies.endpoint,
      },
      (appId, endpointId, body) => settings.changeEndpoint(appId, endpointId, body),
    ),
    {
      method: 'delete',
      path: '/apps/{app}/endpoints/{endpoint}',
      id: 'removeEndpoint',
      summary:
        'Removes an endpoint that was added at run time. It receives no new events, but still those that wait, unless it is on hold.',
      answer: done,
      run: (question) => settings.removeEndpoint(...place(question)),
    },
    change(
      {
        method: 'post',
        path: '/apps/{app}/endpoints/{endpoint}/pause',
        id: 'pauseEndpoint',
        summary:
          'Pauses an endpoint. With `hold`, events wait and their five minutes do not run. With `off`, events are not sent and are listed as dropped.',
        body: bodies.pause,
      },
      (appId, endpointId, body) => settings.pause(appId, endpointId, body['how']),
    ),
    change(
      {
        method: 'post',
        path: '/apps/{app}/endpoints/{endpoint}/resume',
        id: 'resumeEndpoint',
        summary: 'Ends the pause of an endpoint.',
      },
      (appId, endpointId) => settings.resume(appId, endpointId),
    ),
  ];
}

function readerOf(parts: SettingParts): AppReader {
  return readApps(parts.configuration.current, parts);
}

/** The configuration of an app that is served. Throws if there is none. */
export function configOf({ configuration }: Pick<SettingParts, 'configuration'>, appId: string): AppConfig {
  const { apps } = configuration.current;
  const app = apps.find(({ id }) => id === appId);
  if (app !== undefined) return app;
  throw unknownApp(
    appId,
    apps.map(({ id }) => id),
  );
}

/** The configuration of an endpoint. Throws if the app has none with this id. */
export function endpointOf(parts: Pick<SettingParts, 'configuration'>, appId: string, endpointId: string) {
  const { webhooks } = configOf(parts, appId);
  const endpoint = webhooks.find(({ id }) => id === endpointId);
  if (endpoint !== undefined) return endpoint;
  const known = webhooks.map(({ id }) => id).join(', ') || 'none';
  throw new OperationError(
    404,
    'ERR_ENDPOINT_UNKNOWN',
    `the app '${appId}' has no endpoint '${endpointId}'; it has: ${known}`,
  );
}

/** The apps that are served, and those that were added at run time and are not served at the moment. */
function listApps(parts: SettingParts, isFull: boolean): readonly AppView[] {
  const { configuration } = parts;
  const reader = readerOf(parts);
  const { idle, editContext: context, changes, current } = configuration;
  const served = current.apps.map(servedApps(parts, reader, isFull));
  const others = idle.flatMap((one) => {
    const app = one.kind === 'app' ? changes.added.find(({ id }) => id === one.appId) : undefined;
    return app === undefined
      ? []
      : [{ ...reader.describe(app, isFull), notServed: describeIdle(one, context) }];
  });
  return [...served, ...others];
}

function describeApp(parts: SettingParts, appId: string, isFull: boolean): AppView {
  return servedApps(parts, readerOf(parts), isFull)(configOf(parts, appId));
}

/**
 * Describes an app that is served, with its endpoints that were added at run time and are not served
 * at the moment.
 */
function servedApps(
  { configuration }: SettingParts,
  reader: AppReader,
  isFull: boolean,
): (app: AppConfig) => AppView {
  const { idle, editContext: context } = configuration;
  return (config) => {
    const app = reader.describe(config, isFull);
    const endpoints = idle.flatMap((one) => {
      if (one.kind !== 'endpoint' || one.appId !== app.id) return [];
      const view = reader.describeEndpoint(app.id, one.endpoint, isFull);
      return [{ ...view, notServed: describeIdle(one, context) }];
    });
    return endpoints.length === 0 ? app : { ...app, endpoints: [...app.endpoints, ...endpoints] };
  };
}

function describeEndpoint(
  parts: SettingParts,
  appId: string,
  endpointId: string,
  isFull: boolean,
): EndpointView {
  const reader = readerOf(parts);
  const { idle, editContext: context } = parts.configuration;
  const unserved = idle.find(
    (one) => one.kind === 'endpoint' && one.appId === appId && one.endpoint.id === endpointId,
  );
  if (unserved?.kind !== 'endpoint' || isServed(parts, appId, endpointId)) {
    return reader.describeEndpoint(appId, endpointOf(parts, appId, endpointId), isFull);
  }
  const view = reader.describeEndpoint(appId, unserved.endpoint, isFull);
  return { ...view, notServed: describeIdle(unserved, context) };
}

function isServed({ configuration }: SettingParts, appId: string, endpointId: string): boolean {
  const app = configuration.current.apps.find(({ id }) => id === appId);
  return app?.webhooks.some(({ id }) => id === endpointId) === true;
}
