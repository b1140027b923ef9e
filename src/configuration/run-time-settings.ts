import type { KeyPair } from '../auth/key-pair.ts';
import { describeValue, type ConfigFault } from '../config/fault.ts';
import { fieldOf, isObject, type JsonObject } from '../config/json.ts';
import { parseApp, parseEndpoint, type Parsed } from '../config/parse-one.ts';
import type { AppConfig, EndpointConfig, Pause } from '../config/schema.ts';
import { unknownName } from '../config/validate.ts';
import { writeApp } from '../config/write-app.ts';
import type { WallTime } from '../ports/clock.ts';
import type { FreshNames } from '../ports/fresh-names.ts';
import { ChangeError } from './change-error.ts';
import { addApp, addKey, changeApp, makeKeyFirst, removeApp, removeKey } from './edit-apps.ts';
import {
  addEndpoint,
  changeEndpoint,
  pauseEndpoint,
  removeEndpoint,
  resumeEndpoint,
  takenIds,
} from './edit-endpoints.ts';
import { addedApp, servedApp, type Edit, type Ground } from './edit.ts';
import type { ConfigurationInForce } from './in-force.ts';

/** What settings at run time are made with. */
export interface RunTimeSettingsOptions {
  readonly configuration: Pick<ConfigurationInForce, 'change'>;
  readonly names: FreshNames;
  readonly wallTime: WallTime;
}

/** What an app is known by, and what has operations of its own. */
const notSettings = ['id', 'key', 'secret', 'secretFile', 'otherKeys', 'webhooks'];

/**
 * What somebody may set while the server runs, with input of which nothing is known yet. Each resolves once it is kept and in
 * force, and rejects with a ChangeError otherwise: `invalid` names every fault by its path in the input.
 */
export class RunTimeSettings {
  readonly #options: RunTimeSettingsOptions;

  constructor(options: RunTimeSettingsOptions) {
    this.#options = options;
  }

  /** Adds an app, as a configuration file has it. Id, key and secret are made up unless they are given. */
  addApp(input: unknown): Promise<AppConfig> {
    const { names } = this.#options;
    const made = { id: names.appId(), key: names.key(), secret: names.secret() };
    const whole = isObject(input) ? { ...made, ...input } : input;
    return this.#make((ground) => {
      const app = valueOf(parseApp(whole, rulesFor(ground)), 'the app');
      return [addApp(app), app];
    });
  }

  /** Changes switches and limits of an app that was added at run time; what is not given stays. */
  async changeApp(appId: string, input: unknown): Promise<AppConfig> {
    const given = objectOf(input, 'the settings');
    refuseKeys(given, notSettings);
    return this.#make((ground, changes) => {
      const app = addedApp(changes, ground, appId);
      const written = writeApp(app);
      const limits = fieldOf(given, 'limits');
      const merged = {
        ...written,
        ...given,
        ...(isObject(limits) &&
          isObject(written['limits']) && { limits: { ...written['limits'], ...limits } }),
      };
      const next = valueOf(parseApp(merged, rulesFor(ground)), 'the settings');
      return [changeApp(appId, () => next), next];
    });
  }

  removeApp(appId: string): Promise<void> {
    return this.#options.configuration.change(removeApp(appId));
  }

  /** Has an app accept a further pair, `{ key, secret }`, which is made up as far as it is not given. */
  async addKey(appId: string, input: unknown = {}): Promise<KeyPair> {
    const given = objectOf(input, 'the pair');
    const accepted = ['key', 'secret'];
    const faults = Object.keys(given)
      .filter((name) => !accepted.includes(name))
      .map((name) => ({ path: name, message: unknownName('key', name, accepted) }));
    if (faults.length > 0) throw invalid('the pair', faults);
    const { names } = this.#options;
    const whole = { id: 'any', key: names.key(), secret: names.secret(), ...given };
    return this.#make((ground) => {
      const { key, secret } = valueOf(parseApp(whole, rulesFor(ground)), 'the pair');
      return [addKey(appId, { key, secret }), { key, secret }];
    });
  }

  /** Has webhooks of an app be signed with this pair. */
  makeKeyFirst(appId: string, key: string): Promise<void> {
    return this.#options.configuration.change(makeKeyFirst(appId, key));
  }

  removeKey(appId: string, key: string): Promise<void> {
    return this.#options.configuration.change(removeKey(appId, key));
  }

  /** Adds an endpoint to an app, as a configuration file has it. Its id is made up unless it is given. */
  addEndpoint(appId: string, input: unknown): Promise<EndpointConfig> {
    return this.#make((ground, changes) => {
      const app = servedApp(changes, ground, appId);
      const taken = takenIds(changes, ground, appId);
      const endpoint = valueOf(parseEndpoint(input, { ...rulesFor(ground), app, taken }), 'the endpoint');
      return [addEndpoint(appId, endpoint), endpoint];
    });
  }

  /** Takes all of an endpoint anew, but for its id. */
  async changeEndpoint(appId: string, endpointId: string, input: unknown): Promise<EndpointConfig> {
    const given = objectOf(input, 'the endpoint');
    const id = given['id'] ?? endpointId;
    if (id !== endpointId) {
      const message = `expected ${JSON.stringify(endpointId)}, for the id of an endpoint stays, got ${describeValue(id, ['id'])}`;
      throw invalid('the endpoint', [{ path: 'id', message }]);
    }
    return this.#make((ground, changes) => {
      const app = servedApp(changes, ground, appId);
      const rules = { ...rulesFor(ground), app, taken: new Set<string>() };
      const endpoint = valueOf(parseEndpoint({ ...given, id }, rules), 'the endpoint');
      return [changeEndpoint(appId, endpoint), endpoint];
    });
  }

  removeEndpoint(appId: string, endpointId: string): Promise<void> {
    return this.#options.configuration.change(removeEndpoint(appId, endpointId));
  }

  /** Pauses an endpoint, whether the file sets it or not. */
  async pause(appId: string, endpointId: string, how: unknown): Promise<void> {
    if (!isHow(how)) {
      const message = `expected "hold" or "off", got ${how === undefined ? 'nothing' : describeValue(how, ['how'])}`;
      throw invalid('the pause', [{ path: 'how', message }]);
    }
    const pause = { how, sinceMs: this.#options.wallTime.now() };
    return this.#options.configuration.change(pauseEndpoint(appId, endpointId, pause));
  }

  resume(appId: string, endpointId: string): Promise<void> {
    const { configuration, wallTime } = this.#options;
    return configuration.change(resumeEndpoint(appId, endpointId, wallTime.now()));
  }

  /** Makes a change out of what is in force in its turn, and resolves with what became of it. */
  async #make<T>(make: (ground: Ground, changes: Parameters<Edit>[0]) => readonly [Edit, T]): Promise<T> {
    const made: T[] = [];
    await this.#options.configuration.change((changes, ground) => {
      const [edit, value] = make(ground, changes);
      made.push(value);
      return edit(changes, ground);
    });
    // Of several attempts the last one was made.
    const value = made.at(-1);
    if (value === undefined) throw new Error('a change was made without having been asked for');
    return value;
  }
}

function rulesFor({ current, env }: Ground) {
  return { config: current, env };
}

function valueOf<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.kind === 'ok') return parsed.value;
  throw invalid(what, parsed.faults);
}

/** One sentence names the first fault: whoever shows a single line shows what to mend. */
function invalid(what: string, faults: readonly ConfigFault[]): ChangeError {
  const [first] = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new ChangeError('invalid', `${what} cannot be taken: ${first ?? 'it breaks a rule'}${more}`, faults);
}

function objectOf(input: unknown, what: string): JsonObject {
  if (isObject(input)) return input;
  const message = `expected an object, got ${input === undefined ? 'nothing' : describeValue(input, [])}`;
  throw invalid(what, [{ path: '', message }]);
}

function refuseKeys(given: JsonObject, refused: readonly string[]): void {
  const faults = Object.keys(given)
    .filter((name) => refused.includes(name))
    .map((name) => ({ path: name, message: 'is not a setting that is changed here; leave it out' }));
  if (faults.length > 0) throw invalid('the settings', faults);
}

function isHow(how: unknown): how is Pause['how'] {
  return how === 'hold' || how === 'off';
}
