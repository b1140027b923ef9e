import { describe, expect, test } from 'vitest';
import type { AppConfig, EndpointConfig } from '../../../src/config/schema/schema.ts';
import { toApplication } from '../../../src/configuration/applications.ts';
import { ChangeError } from '../../../src/configuration/change-error.ts';
import {
  addApp,
  addKey,
  changeApp,
  makeKeyFirst,
  removeApp,
  removeKey,
} from '../../../src/configuration/edit-apps.ts';
import {
  addEndpoint,
  changeEndpoint,
  pauseEndpoint,
  removeEndpoint,
  resumeEndpoint,
} from '../../../src/configuration/edit-endpoints.ts';
import type { Edit, EditContext } from '../../../src/configuration/edit.ts';
import {
  idleOf,
  layOver,
  noChanges,
  type RunTimeChanges,
} from '../../../src/configuration/run-time-changes.ts';
import { configOf } from '../../integration/support/server.ts';

const hook = (id: string, url = `https://${id}.example/`) => ({ id, url });
const ofFile = configOf({ apps: [{ id: '1', key: 'a', secret: 's', webhooks: [hook('main')] }] });
const context: EditContext = { file: ofFile, fileName: '/etc/soketify.json', current: ofFile, env: {} };
const development = { isProduction: false };

function appOf(given: Readonly<Record<string, unknown>>): AppConfig {
  const [app] = configOf({ apps: [{ secret: 's', ...given }] }).apps;
  if (app === undefined) throw new Error('there is one');
  return app;
}

function endpointOf(id: string, url?: string): EndpointConfig {
  const [endpoint] = appOf({ id: 'x', key: 'x', webhooks: [hook(id, url)] }).webhooks;
  if (endpoint === undefined) throw new Error('there is one');
  return endpoint;
}

const second = appOf({ id: '2', key: 'b', webhooks: [hook('first')] });
const pause = { how: 'hold', sinceMs: 7 } as const;

const make = (...edits: readonly Edit[]): RunTimeChanges =>
  edits.reduce((changes, edit) => edit(changes, context), noChanges);
const served = (changes: RunTimeChanges, file = ofFile) =>
  layOver(file.apps, changes, development).map(({ id, webhooks }) => [id, webhooks.map((one) => one.id)]);

/** The code and message of a refused change. */
function refusal(edit: Edit, changes = noChanges, on = context): readonly string[] {
  try {
    edit(changes, on);
  } catch (error) {
    if (error instanceof ChangeError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was made');
}

describe('an app that is added', () => {
  const changes = make(addApp(second));

  test('is served with its endpoints, both marked as set at run time', () => {
    expect(served(changes)).toEqual([
      ['1', ['main']],
      ['2', ['first']],
    ]);
    const [file, added] = layOver(ofFile.apps, changes, development);
    expect(file).toBe(ofFile.apps[0]);
    expect(added).toMatchObject({ isSetAtRunTime: true, webhooks: [{ isSetAtRunTime: true }] });
  });

  test('is refused if its id or key is taken, even by an app that is not served because of the file', () => {
    expect(refusal(addApp(appOf({ id: '1', key: 'new' })))).toEqual([
      'taken',
      "the id '1' is taken by the app '1'; choose another, or leave it out to have one generated",
    ]);
    expect(refusal(addApp(appOf({ id: '3', key: 'a' })))[1]).toContain("the key 'a' is taken by the app '1'");
    const file = configOf({ apps: [{ id: '9', key: 'b', secret: 's' }] });
    const shadowed = { ...context, file };
    expect(idleOf(file.apps, changes, development)).toContainEqual({
      kind: 'app',
      appId: '2',
      why: 'set-by-file',
    });
    expect(refusal(addApp(appOf({ id: '2', key: 'c' })), changes, shadowed)[0]).toBe('taken');
  });

  test('loses its endpoints and their pauses when it is removed', () => {
    const paused = pauseEndpoint('2', 'first', pause)(changes, context);
    expect(removeApp('2')(paused, context)).toEqual(noChanges);
  });

  test('leaves its endpoints to an app of the file that has its id', () => {
    const file = configOf({ apps: [{ id: '2', key: 'other', secret: 's', webhooks: [hook('own')] }] });
    expect(served(changes, file)).toEqual([['2', ['own', 'first']]]);
    const removed = removeApp('2')(changes, { ...context, file });
    expect(removed.added).toEqual([]);
    expect(served(removed, file)).toEqual([['2', ['own', 'first']]]);
  });

  test('can change everything except its id', () => {
    const changed = changeApp('2', (app) => ({ ...app, id: '3', clientEvents: false }))(changes, context);
    expect(layOver(ofFile.apps, changed, development)[1]).toMatchObject({
      id: '2',
      clientEvents: false,
      webhooks: [{ id: 'first' }],
    });
    expect(
      refusal(
        changeApp('2', (app) => ({ ...app, key: 'a' })),
        changes,
      )[0],
    ).toBe('taken');
  });

  test('can have keys added, made first and removed', () => {
    const keys = (one: RunTimeChanges) =>
      one.added.map(({ key, otherKeys }) => [key, otherKeys.map((o) => o.key)]);
    const more = make(
      addApp(second),
      addKey('2', { key: 'k', secret: 't' }),
      addKey('2', { key: 'l', secret: 'u' }),
    );
    expect(keys(more)).toEqual([['b', ['k', 'l']]]);
    const other = makeKeyFirst('2', 'l')(more, context);
    expect(keys(other)).toEqual([['l', ['b', 'k']]]);
    expect(other.added[0]?.secret).toBe('u');
    expect(keys(removeKey('2', 'b')(other, context))).toEqual([['l', ['k']]]);
    expect(makeKeyFirst('2', 'l')(other, context)).toEqual(other);
    expect(refusal(removeKey('2', 'l'), other)[0]).toBe('first-key');
    expect(refusal(removeKey('2', 'z'), other)).toEqual(['unknown-key', "the app '2' has no key 'z'"]);
    expect(refusal(makeKeyFirst('2', 'z'), other)[0]).toBe('unknown-key');
    expect(refusal(addKey('2', { key: 'a', secret: 's' }), other)[0]).toBe('taken');
    expect(refusal(addKey('2', { key: 'k', secret: 's' }), other)[0]).toBe('taken');
  });
});

describe('a setting of the file', () => {
  test.each([
    ['the app', removeApp('1'), "the app '1'"],
    ['the settings of an app', changeApp('1', (app) => app), "the app '1'"],
    ['the keys of an app', removeKey('1', 'a'), "the app '1'"],
    ['an endpoint', removeEndpoint('1', 'main'), "the endpoint 'main' of the app '1'"],
    ['an endpoint, changed', changeEndpoint('1', endpointOf('main')), "the endpoint 'main' of the app '1'"],
  ])('cannot be edited: %s', (_, edit, what) => {
    expect(refusal(edit)).toEqual([
      'set-by-file',
      `${what} is set by the configuration file /etc/soketify.json; change it there`,
    ]);
  });

  test('is named without a file if there is none', () => {
    expect(refusal(removeApp('1'), noChanges, { ...context, fileName: undefined })[1]).toBe(
      "the app '1' is set by the options of the server; change it there",
    );
  });
});

describe('an endpoint that is added', () => {
  const changes = make(addEndpoint('1', endpointOf('extra')));

  test('is served after those of the file, in the order of addition', () => {
    const more = addEndpoint('1', endpointOf('another'))(changes, context);
    expect(served(more)).toEqual([['1', ['main', 'extra', 'another']]]);
  });

  test('is not served while the file has an endpoint with its id', () => {
    const file = configOf({
      apps: [{ id: '1', key: 'a', secret: 's', webhooks: [hook('extra', 'https://file/')] }],
    });
    expect(layOver(file.apps, changes, development)[0]?.webhooks).toMatchObject([{ url: 'https://file/' }]);
    expect(idleOf(file.apps, changes, development)).toMatchObject([
      { endpoint: { id: 'extra' }, why: 'set-by-file' },
    ]);
    expect(refusal(changeEndpoint('1', endpointOf('extra')), changes, { ...context, file })[0]).toBe(
      'set-by-file',
    );
    expect(removeEndpoint('1', 'extra')(changes, { ...context, file })).toEqual(noChanges);
    expect(idleOf(ofFile.apps, changes, development)).toEqual([]);
  });

  test('is kept without its app, and can be removed', () => {
    const file = configOf({ apps: [{ id: '9', key: 'z', secret: 's' }] });
    const without = { ...context, file };
    expect(served(changes, file)).toEqual([['9', []]]);
    expect(idleOf(file.apps, changes, development)).toMatchObject([{ appId: '1', why: 'no-app' }]);
    expect(served(changes)).toEqual([['1', ['main', 'extra']]]);
    expect(removeEndpoint('1', 'extra')(changes, without)).toEqual(noChanges);
    expect(refusal(removeEndpoint('1', 'other'), changes, without)).toEqual([
      'unknown-app',
      "there is no app with the id '1'",
    ]);
  });

  test('is not served without HTTPS in production', () => {
    const insecure = make(addEndpoint('1', endpointOf('plain', 'HTTP://plain.example/')));
    const production = { isProduction: true };
    expect(layOver(ofFile.apps, insecure, production)[0]?.webhooks).toHaveLength(1);
    expect(idleOf(ofFile.apps, insecure, production)).toMatchObject([{ why: 'insecure' }]);
    expect(idleOf(ofFile.apps, insecure, development)).toEqual([]);
  });

  test('that waits for its app is replaced if the added app has an endpoint with its id', () => {
    const file = configOf({ apps: [{ id: '9', key: 'z', secret: 's' }] });
    const app = appOf({ id: '1', key: 'n', webhooks: [hook('extra', 'https://new.example/')] });
    const more = addEndpoint('1', endpointOf('another'))(changes, context);
    const next = addApp(app)(more, { ...context, file });
    expect(next.endpoints).toHaveLength(2);
    expect(served(next, file)).toEqual([
      ['9', []],
      ['1', ['another', 'extra']],
    ]);
    expect(next.endpoints[1]?.endpoint.url).toBe('https://new.example/');
  });

  test('is replaced in its place, and removed with its pause', () => {
    const more = make(
      addEndpoint('1', endpointOf('extra')),
      addEndpoint('1', endpointOf('another')),
      pauseEndpoint('1', 'extra', pause),
      changeEndpoint('1', endpointOf('extra', 'https://new.example/')),
    );
    expect(layOver(ofFile.apps, more, development)[0]?.webhooks[1]).toMatchObject({
      id: 'extra',
      url: 'https://new.example/',
      pause,
    });
    expect(removeEndpoint('1', 'extra')(more, context).pauses).toEqual([]);
  });

  test('is refused if its id is taken or its app does not exist', () => {
    expect(refusal(addEndpoint('1', endpointOf('main')), changes)).toEqual([
      'taken',
      "the app '1' already has an endpoint with the id 'main'; choose another, or leave it out to have one generated",
    ]);
    expect(refusal(addEndpoint('1', endpointOf('extra')), changes)[0]).toBe('taken');
    expect(refusal(addEndpoint('7', endpointOf('extra')))).toEqual([
      'unknown-app',
      "there is no app with the id '7'",
    ]);
    expect(refusal(changeEndpoint('1', endpointOf('none')))).toEqual([
      'unknown-endpoint',
      "the app '1' has no endpoint with the id 'none'",
    ]);
  });
});

describe('a pause', () => {
  test('works for any endpoint, and stays when the file is reloaded', () => {
    const changes = make(pauseEndpoint('1', 'main', pause));
    const file = configOf({
      apps: [{ id: '1', key: 'a', secret: 't', webhooks: [hook('main', 'https://new/')] }],
    });
    const [app] = layOver(file.apps, changes, development);
    expect(app?.webhooks[0]).toMatchObject({ url: 'https://new/', pause });
    const off = make(pauseEndpoint('1', 'main', { how: 'off', sinceMs: 3 }));
    expect(resumeEndpoint('1', 'main', 8)(off, context)).toEqual(noChanges);
  });

  test('that held the endpoint is kept after its end, and added to the next one', () => {
    const held = make(pauseEndpoint('1', 'main', { how: 'hold', sinceMs: 3 }));
    const over = resumeEndpoint('1', 'main', 8)(held, context);
    const [app] = layOver(context.file.apps, over, development);
    expect(app?.webhooks[0]).toMatchObject({ lastHold: { fromMs: 3, toMs: 8 } });
    expect(app?.webhooks[0]).not.toHaveProperty('pause');
    expect(resumeEndpoint('1', 'main', 9)(over, context)).toBe(over);
    const again = pauseEndpoint('1', 'main', { how: 'hold', sinceMs: 12 })(over, context);
    const [held2] = layOver(context.file.apps, again, development);
    const lastHold = { fromMs: 3, toMs: 8 };
    expect(held2?.webhooks[0]).toMatchObject({ pause: { how: 'hold', sinceMs: 12 }, lastHold });
    const overAgain = resumeEndpoint('1', 'main', 20)(again, context);
    const [free] = layOver(context.file.apps, overAgain, development);
    // As long as both: 5 and 8 ms.
    expect(free?.webhooks[0]).toMatchObject({ lastHold: { fromMs: 7, toMs: 20 } });
    const off = pauseEndpoint('1', 'main', { how: 'off', sinceMs: 30 })(overAgain, context);
    expect(layOver(context.file.apps, off, development)[0]?.webhooks[0]).not.toHaveProperty('lastHold');
  });

  test('keeps its start if it is requested again', () => {
    const changes = make(pauseEndpoint('1', 'main', pause));
    expect(pauseEndpoint('1', 'main', { ...pause, sinceMs: 9 })(changes, context)).toBe(changes);
    const off = pauseEndpoint('1', 'main', { how: 'off', sinceMs: 9 })(changes, context);
    expect(off.pauses.map((one) => one.pause)).toEqual([{ how: 'off', sinceMs: 9 }]);
  });

  test('of an unknown endpoint is refused, and so is a resume', () => {
    expect(refusal(pauseEndpoint('1', 'none', pause))[0]).toBe('unknown-endpoint');
    expect(refusal(pauseEndpoint('7', 'main', pause))[0]).toBe('unknown-app');
    expect(refusal(resumeEndpoint('1', 'none', 8))[0]).toBe('unknown-endpoint');
    expect(resumeEndpoint('1', 'main', 8)(noChanges, context)).toBe(noChanges);
  });

  test.each([
    ['hold', { isEnabled: true, heldSinceMs: 7 }],
    ['off', { isEnabled: false }],
  ] as const)('that is %s is served so', (how, expected) => {
    const [app] = layOver(ofFile.apps, make(pauseEndpoint('1', 'main', { how, sinceMs: 7 })), development);
    if (app === undefined) throw new Error('there is one');
    const { id, url, isEnabled, heldSinceMs, ...rest } = toApplication(app, 'allow').endpoints[0] ?? {};
    expect({ isEnabled, ...(heldSinceMs !== undefined && { heldSinceMs }) }).toEqual(expected);
    expect(rest).not.toHaveProperty('pause');
    expect([id, url]).toEqual(['main', 'https://main.example/']);
  });
});

test('the last app cannot be removed', () => {
  const file = configOf({ apps: [{ id: '1', key: 'a', secret: 's' }] });
  const changes: RunTimeChanges = { ...make(addApp(second)), removed: ['1'] };
  expect(refusal(removeApp('2'), changes, { ...context, file })).toEqual([
    'last-app',
    "'2' is the last app, and the server needs at least one",
  ]);
});
