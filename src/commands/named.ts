import { readVariable, variables } from '../config/environment.ts';
import { nearest } from '../config/checks/nearest.ts';
import type { AppView, EndpointView } from '../views/settings.ts';
import { AdminError, pathOf, type Admin } from './admin.ts';
import type { AppAskingOptions } from './asking.ts';
import { UsageError } from './command.ts';
import { printable } from './printable.ts';

/**
 * The selected app: from the command line, else from the environment, else the only one. Throws an AdminError if there is no such
 * app, and a UsageError if there are several.
 */
export async function findApp(admin: Admin, { app: named }: Pick<AppAskingOptions, 'app'>): Promise<AppView> {
  const { apps } = await admin.get<{ apps: readonly AppView[] }>('/apps');
  const id = named ?? readVariable(process.env, variables.appId);
  const ids = apps.map((app) => app.id);
  if (id === undefined) {
    const [first] = apps;
    if (first !== undefined && apps.length === 1) return first;
    throw new UsageError(`the server has several apps; choose one with --app: ${list(ids)}`);
  }
  const app = apps.find((one) => one.id === id);
  if (app !== undefined) return app;
  throw new AdminError(`there is no app '${printable(id)}'${suggestion(id, ids)}`, 'ERR_APP_UNKNOWN');
}

/** An endpoint of an app, by its id or its URL. Throws an AdminError if there is none. */
export function findEndpoint({ id: appId, endpoints }: AppView, named: string): EndpointView {
  const found =
    endpoints.find(({ id }) => id === named) ?? onlyOne(endpoints.filter(({ url }) => url === named));
  if (found !== undefined) return found;
  const ids = endpoints.map(({ id }) => id);
  throw new AdminError(
    `the app '${printable(appId)}' has no endpoint '${printable(named)}'${suggestion(named, ids)}`,
    'ERR_ENDPOINT_UNKNOWN',
  );
}

/** The path of an app in the admin API. */
export function appPath({ id }: Pick<AppView, 'id'>): string {
  return pathOf`/apps/${id}`;
}

function onlyOne<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined;
}

function suggestion(name: string, names: readonly string[]): string {
  const match = nearest(name, names);
  const question = match === undefined ? '' : ` Did you mean ${printable(match)}?`;
  return `.${question} Known: ${list(names)}`;
}

/** Some of the names, as many as a person reads. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, 20).map(printable).join(', ');
  if (names.length === 0) return 'none';
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
