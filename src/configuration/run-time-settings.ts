import type { KeyPair } from '../auth/key-pair.ts';
import { describeValue, type ConfigFault } from '../config/checks/fault.ts';
import { fieldOf, type JsonObject } from '../config/json.ts';
import { isObject } from '../protocol/json-value.ts';
import { parseApp, parseEndpoint, type Parsed } from '../config/parse-one.ts';
import type { AppConfig, EndpointConfig, Pause } from '../config/schema/schema.ts';
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
import { addedApp, servedApp, type Edit, type EditContext } from './edit.ts';
import type { ConfigurationInForce } from './in-force.ts';

/** What `RunTimeSettings` needs. */
export interface RunTimeSettingsOptions {
  readonly configuration: Pick<ConfigurationInForce, 'change'>;
  readonly names: FreshNames;
  readonly wallTime: WallTime;
}

/** Fields that identify an app or have their own operations. */
const notSettings = ['id', 'key', 'secret', 'secretFile', 'otherKeys', 'webhooks'];

/**
 * The operations that change settings at run time. They validate their input. Each resolves once the change is saved and
 * active, and rejects with a ChangeError otherwise. An `invalid` one lists every fault with its path in the input.
 */
export class RunTimeSettings {
  readonly #options: RunTimeSettingsOptions;

  constructor(options: RunTimeSettingsOptions) {
    this.#options = options;
  }

  /** Adds an app. The input has the format of the configuration file. An absent id, key or secret is generated. */
  addApp(input: unknown): Promise<AppConfig> {
    const { names } = this.#options;
    const made = { id: names.appId(), key: names.key(), secret: names.secret() };
    const whole = isObject(input) ? { ...made, ...input } : input;
    return this.#make((context) => {
      const app = valueOf(parseApp(whole, rulesFor(context)), 'the app');
      return [addApp(app), app];
    });
  }

  /** Changes switches and limits of an app that was added at run time. Absent fields stay unchanged. */
  async changeApp(appId: string, input: unknown): Promise<AppConfig> {
    const given = objectOf(input, 'the settings');
    refuseKeys(given, notSettings);
    return this.#make((context, changes) => {
      const app = addedApp(changes, context, appId);
      const written = writeApp(app);
      const limits = fieldOf(given, 'limits');
      const merged = {
        ...written,
        ...given,
        ...(isObject(limits) &&
          isObject(written['limits']) && { limits: { ...written['limits'], ...limits } }),
      };
      const next = valueOf(parseApp(merged, rulesFor(context)), 'the settings');
      return [changeApp(appId, () => next), next];
    });
  }

  removeApp(appId: string): Promise<void> {
    return this.#options.configuration.change(removeApp(appId));
  }

  /** Adds a key pair `{ key, secret }` to an app. An absent key or secret is generated. */
  async addKey(appId: string, input: unknown = {}): Promise<KeyPair> {
    const given = objectOf(input, 'the pair');
    const accepted = ['key', 'secret'];
    const faults = Object.keys(given)
      .filter((name) => !accepted.includes(name))
      .map((name) => ({ path: name, message: unknownName('key', name, accepted) }));
    if (faults.length > 0) throw invalid('the pair', faults);
    const { names } = this.#options;
    const whole = { id: 'any', key: names.key(), secret: names.secret(), ...given };
    return this.#make((context) => {
      const { key, secret } = valueOf(parseApp(whole, rulesFor(context)), 'the pair');
      return [addKey(appId, { key, secret }), { key, secret }];
    });
  }

  /** Signs the webhooks of an app with this key. */
  makeKeyFirst(appId: string, key: string): Promise<void> {
    return this.#options.configuration.change(makeKeyFirst(appId, key));
  }

  removeKey(appId: string, key: string): Promise<void> {
    return this.#options.configuration.change(removeKey(appId, key));
  }

  /** Adds an endpoint to an app. The input has the format of the configuration file. An absent id is generated. */
  addEndpoint(appId: string, input: unknown): Promise<EndpointConfig> {
    return this.#make((context, changes) => {
      const app = servedApp(changes, context, appId);
      const taken = takenIds(changes, context, appId);
      const endpoint = valueOf(parseEndpoint(input, { ...rulesFor(context), app, taken }), 'the endpoint');
      return [addEndpoint(appId, endpoint), endpoint];
    });
  }

  /** Replaces all settings of an endpoint except its id. */
  async changeEndpoint(appId: string, endpointId: string, input: unknown): Promise<EndpointConfig> {
    const given = objectOf(input, 'the endpoint');
    const id = given['id'] ?? endpointId;
    if (id !== endpointId) {
      const message = `expected ${JSON.stringify(endpointId)}, because the id of an endpoint cannot change, got ${describeValue(id, ['id'])}`;
      throw invalid('the endpoint', [{ path: 'id', message }]);
    }
    return this.#make((context, changes) => {
      const app = servedApp(changes, context, appId);
      const rules = { ...rulesFor(context), app, taken: new Set<string>() };
      const endpoint = valueOf(parseEndpoint({ ...given, id }, rules), 'the endpoint');
      return [changeEndpoint(appId, endpoint), endpoint];
    });
  }

  removeEndpoint(appId: string, endpointId: string): Promise<void> {
    return this.#options.configuration.change(removeEndpoint(appId, endpointId));
  }

  /** Pauses an endpoint, whether the file sets it or not. Resolves with false if it is already paused in this way. */
  async pause(appId: string, endpointId: string, how: unknown): Promise<boolean> {
    if (!isHow(how)) {
      const message = `expected "hold" or "off", got ${describeValue(how, ['how'])}`;
      throw invalid('the pause', [{ path: 'how', message }]);
    }
    const pause = { how, sinceMs: this.#options.wallTime.now() };
    return this.#change(pauseEndpoint(appId, endpointId, pause));
  }

  /** Ends the pause of an endpoint. Resolves with false if it is not paused. */
  resume(appId: string, endpointId: string): Promise<boolean> {
    return this.#change(resumeEndpoint(appId, endpointId, this.#options.wallTime.now()));
  }

  /** Resolves with whether the edit has changed something. */
  async #change(edit: Edit): Promise<boolean> {
    let hasChanged = false;
    await this.#options.configuration.change((changes, context) => {
      const next = edit(changes, context);
      hasChanged = next !== changes;
      return next;
    });
    return hasChanged;
  }

  /** Makes a change based on the active configuration, and resolves with the resulting value. */
  async #make<T>(
    make: (context: EditContext, changes: Parameters<Edit>[0]) => readonly [Edit, T],
  ): Promise<T> {
    const made: T[] = [];
    await this.#options.configuration.change((changes, context) => {
      const [edit, value] = make(context, changes);
      made.push(value);
      return edit(changes, context);
    });
    // If there were several attempts, the last one was applied.
    const value = made.at(-1);
    if (value === undefined) throw new Error('the change was applied without a call of its edit');
    return value;
  }
}

function rulesFor({ current, env }: EditContext) {
  return { config: current, env };
}

function valueOf<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.kind === 'ok') return parsed.value;
  throw invalid(what, parsed.faults);
}

/** The error for invalid input. Its message contains the first fault, for callers that show a single line. */
function invalid(what: string, faults: readonly ConfigFault[]): ChangeError {
  const [first] = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new ChangeError('invalid', `${what} is not valid: ${first ?? 'it breaks a rule'}${more}`, faults);
}

function objectOf(input: unknown, what: string): JsonObject {
  if (isObject(input)) return input;
  const message = `expected an object, got ${describeValue(input, [])}`;
  throw invalid(what, [{ path: '', message }]);
}

function refuseKeys(given: JsonObject, refused: readonly string[]): void {
  const faults = Object.keys(given)
    .filter((name) => refused.includes(name))
    .map((name) => ({ path: name, message: 'cannot be changed by this operation; leave it out' }));
  if (faults.length > 0) throw invalid('the settings', faults);
}

function isHow(how: unknown): how is Pause['how'] {
  return how === 'hold' || how === 'off';
}
