import type { KeyPair } from '../auth/key-pair.ts';
import type { AppConfig } from '../config/schema/schema.ts';
import { ChangeError } from './change-error.ts';
import { addedApp, rulesOf, setByFile, type Edit, type EditContext } from './edit.ts';
import { keysOf, layOver, withApp, type RunTimeChanges } from './run-time-changes.ts';

/** Adds an app, with its endpoints. */
export function addApp(app: AppConfig): Edit {
  return (changes, context) => {
    refuseTaken(app, othersOf(changes, context));
    return withApp(changes, app);
  };
}

/**
 * Removes an app that was added at run time, with its endpoints and their pauses. If the file has an app with the same id,
 * endpoints and pauses stay, because they then belong to that app.
 */
export function removeApp(appId: string): Edit {
  return (changes, context) => {
    const isOfFile = ofFile(changes, context).some(({ id }) => id === appId);
    if (!changes.added.some(({ id }) => id === appId)) {
      if (isOfFile) throw setByFile(`the app '${appId}'`, context);
      throw new ChangeError('unknown-app', `there is no app with the id '${appId}'`);
    }
    const added = changes.added.filter(({ id }) => id !== appId);
    const stays = (one: { readonly appId: string }): boolean => isOfFile || one.appId !== appId;
    const { endpoints, pauses } = changes;
    const next = { ...changes, added, endpoints: endpoints.filter(stays), pauses: pauses.filter(stays) };
    if (layOver(context.file.apps, next, rulesOf(context)).length > 0) return next;
    throw new ChangeError('last-app', `'${appId}' is the last app, and the server needs at least one`);
  };
}

/** Changes an app that was added at run time. Its id and endpoints stay the same. */
export function changeApp(appId: string, change: (app: AppConfig) => AppConfig): Edit {
  return (changes, context) => {
    const app = addedApp(changes, context, appId);
    const next = { ...change(app), id: appId, webhooks: [], isSetAtRunTime: true };
    refuseTaken(
      next,
      othersOf(changes, context).filter((one) => one !== app),
    );
    return { ...changes, added: changes.added.map((one) => (one === app ? next : one)) };
  };
}

/** Adds a key pair to an app. */
export function addKey(appId: string, pair: KeyPair): Edit {
  return changeApp(appId, (app) => {
    if (keysOf(app).includes(pair.key)) throw taken(`the key '${pair.key}'`, app);
    return { ...app, otherKeys: [...app.otherKeys, pair] };
  });
}

/** Signs the webhooks of an app with this pair. The previous pair is still accepted. */
export function makeKeyFirst(appId: string, key: string): Edit {
  return changeApp(appId, (app) => {
    if (app.key === key) return app;
    const pair = app.otherKeys.find((one) => one.key === key);
    if (pair === undefined) throw unknownKey(appId, key);
    const before = { key: app.key, secret: app.secret };
    const others = app.otherKeys.filter((one) => one !== pair);
    return { ...app, ...pair, otherKeys: [before, ...others] };
  });
}

/** Removes a key pair from an app. */
export function removeKey(appId: string, key: string): Edit {
  return changeApp(appId, (app) => {
    if (app.key === key) {
      const message = `'${key}' is the first key of the app '${appId}', which signs webhooks; make another key first before you remove it`;
      throw new ChangeError('first-key', message);
    }
    const otherKeys = app.otherKeys.filter((one) => one.key !== key);
    if (otherKeys.length === app.otherKeys.length) throw unknownKey(appId, key);
    return { ...app, otherKeys };
  });
}

/** The apps of the file that were not removed at run time. */
function ofFile({ removed }: RunTimeChanges, { file }: EditContext): readonly AppConfig[] {
  return file.apps.filter(({ id }) => !removed.includes(id));
}

/** All apps whose ids and keys are taken, including those that are not served because of the file. */
function othersOf(changes: RunTimeChanges, context: EditContext): readonly AppConfig[] {
  return [...ofFile(changes, context), ...changes.added];
}

function refuseTaken(app: AppConfig, others: readonly AppConfig[]): void {
  const keys = keysOf(app);
  for (const other of others) {
    if (other.id === app.id) throw taken(`the id '${app.id}'`, other);
    const key = keysOf(other).find((one) => keys.includes(one));
    if (key !== undefined) throw taken(`the key '${key}'`, other);
  }
}

function taken(what: string, { id }: AppConfig): ChangeError {
  return new ChangeError(
    'taken',
    `${what} is taken by the app '${id}'; choose another, or leave it out to have one generated`,
  );
}

function unknownKey(appId: string, key: string): ChangeError {
  return new ChangeError('unknown-key', `the app '${appId}' has no key '${key}'`);
}
