import type { Env } from '../config/environment.ts';
import { isProduction } from '../config/environment.ts';
import type { AppConfig, Config } from '../config/schema/schema.ts';
import { ChangeError } from './change-error.ts';
import { layOver, type LayerRules, type RunTimeChanges } from './run-time-changes.ts';

/** The configuration to which a change applies. */
export interface EditContext {
  /** The content of the configuration file, as it was read last. */
  readonly file: Config;
  /** The name of the file, or undefined if the server was started without one. */
  readonly fileName: string | undefined;
  /** The active configuration. */
  readonly current: Config;
  readonly env: Env;
}

/**
 * A change at run time, as a function from the old changes to the new ones. It may be called again if another node has made
 * a change in the meantime. Throws a ChangeError if the change is refused.
 */
export type Edit = (changes: RunTimeChanges, context: EditContext) => RunTimeChanges;

/** The rules for changes at run time. */
export function rulesOf({ env }: Pick<EditContext, 'env'>): LayerRules {
  return { isProduction: isProduction(env) };
}

/** An app as it would be served with these changes. Throws if there is none. */
export function servedApp(changes: RunTimeChanges, context: EditContext, appId: string): AppConfig {
  const app = layOver(context.file.apps, changes, rulesOf(context)).find(({ id }) => id === appId);
  if (app === undefined) throw new ChangeError('unknown-app', `there is no app with the id '${appId}'`);
  return app;
}

/** The error for something that the file sets. */
export function setByFile(what: string, { fileName }: EditContext): ChangeError {
  const file = fileName === undefined ? 'the options of the server' : `the configuration file ${fileName}`;
  return new ChangeError('set-by-file', `${what} is set by ${file}; change it there`);
}

/** An app that was added at run time. Throws if the file sets it, or if there is none. */
export function addedApp(changes: RunTimeChanges, context: EditContext, appId: string): AppConfig {
  const added = changes.added.find(({ id }) => id === appId);
  const { removed } = changes;
  if (context.file.apps.some(({ id }) => id === appId && !removed.includes(id))) {
    throw setByFile(`the app '${appId}'`, context);
  }
  if (added === undefined) throw new ChangeError('unknown-app', `there is no app with the id '${appId}'`);
  return added;
}
