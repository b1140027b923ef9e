import type { Env } from '../config/environment.ts';
import { isProduction } from '../config/environment.ts';
import type { AppConfig, Config } from '../config/schema.ts';
import { ChangeError } from './change-error.ts';
import { layOver, type LayerRules, type RunTimeChanges } from './run-time-changes.ts';

/** What a change is made on. */
export interface Ground {
  /** The configuration file as it was read last. */
  readonly file: Config;
  /** What it is called; undefined: the server was started without a file. */
  readonly fileName: string | undefined;
  /** What is in force. */
  readonly current: Config;
  readonly env: Env;
}

/**
 * A change at run time: what the changes are to be. It may be called again, when somebody else has changed something in
 * between. Throws a ChangeError when it cannot be made.
 */
export type Edit = (changes: RunTimeChanges, ground: Ground) => RunTimeChanges;

/** What decides about what is set at run time. */
export function rulesOf({ env }: Pick<Ground, 'env'>): LayerRules {
  return { isProduction: isProduction(env) };
}

/** An app as it would be served with these changes. Throws when there is none. */
export function servedApp(changes: RunTimeChanges, ground: Ground, appId: string): AppConfig {
  const app = layOver(ground.file.apps, changes, rulesOf(ground)).find(({ id }) => id === appId);
  if (app === undefined) throw new ChangeError('unknown-app', `there is no app with the id '${appId}'`);
  return app;
}

/** Says that something is for the file alone to say. */
export function setByFile(what: string, { fileName }: Ground): ChangeError {
  const file =
    fileName === undefined ? 'what the server was started with' : `the configuration file ${fileName}`;
  return new ChangeError('set-by-file', `${what} is set by ${file}; change it there`);
}

/** The app that was added at run time. Throws when the file sets it, or there is none. */
export function addedApp(changes: RunTimeChanges, ground: Ground, appId: string): AppConfig {
  const added = changes.added.find(({ id }) => id === appId);
  const { removed } = changes;
  if (ground.file.apps.some(({ id }) => id === appId && !removed.includes(id))) {
    throw setByFile(`the app '${appId}'`, ground);
  }
  if (added === undefined) throw new ChangeError('unknown-app', `there is no app with the id '${appId}'`);
  return added;
}
