import { describe, expect, test } from 'vitest';
import { app, configOf, faultsOf } from '../loading.ts';

const withControl = (control: unknown, rest: object = {}) => ({ content: { apps: [app], control, ...rest } });
const defaults = { token: undefined, clock: 'real', patienceMs: 1000 };

describe('control', () => {
  test('is off unless it is configured', () => {
    expect(configOf(withControl(undefined)).control).toBeUndefined();
    expect(configOf(withControl(false)).control).toBeUndefined();
  });

  test('is true, or an object, with defaults', () => {
    expect(configOf(withControl(true)).control).toEqual(defaults);
    expect(configOf(withControl({})).control).toEqual(defaults);
    expect(configOf(withControl({ token: 't', clock: 'virtual' })).control).toEqual({
      ...defaults,
      token: 't',
      clock: 'virtual',
    });
  });

  test('is enabled by the command line, and keeps the settings of the file', () => {
    const overrides = { control: true };
    expect(configOf({ overrides }).control).toEqual(defaults);
    expect(configOf({ ...withControl({ token: 't' }), overrides }).control?.token).toBe('t');
    expect(configOf({ ...withControl(false), overrides }).control).toEqual(defaults);
  });

  test('has the clock of the command line, which overrides that of the file', () => {
    const overrides = { control: 'virtual' };
    expect(configOf({ overrides }).control).toEqual({ ...defaults, clock: 'virtual' });
    expect(configOf({ ...withControl({ token: 't', clock: 'real' }), overrides }).control).toMatchObject({
      token: 't',
      clock: 'virtual',
    });
    expect(faultsOf({ content: { apps: [app] }, overrides: { control: 'x' } })).toEqual([
      '--control: expected one of real, virtual, got "x"',
    ]);
  });

  test('is enabled by a token of the environment, which overrides that of the file', () => {
    const env = { SOKETIFY_CONTROL_TOKEN: 'of-env' };
    expect(configOf({ env }).control).toEqual({ ...defaults, token: 'of-env' });
    const both = configOf({ ...withControl({ token: 'of-file', clock: 'virtual' }), env });
    expect(both.control).toMatchObject({ token: 'of-env', clock: 'virtual' });
    expect(configOf({ ...withControl(true), env }).control?.token).toBe('of-env');
  });

  test('is refused in production', () => {
    expect(faultsOf({ ...withControl(true), env: { NODE_ENV: 'production' } })).toEqual([
      'control: is not served when NODE_ENV is production; leave it out, or set NODE_ENV to something else',
    ]);
    expect(
      faultsOf({ content: { apps: [app] }, overrides: { control: true }, env: { NODE_ENV: 'production' } }),
    ).toEqual([
      '--control: is not served when NODE_ENV is production; leave it out, or set NODE_ENV to something else',
    ]);
  });

  test('needs a token if other machines can reach it', () => {
    expect(faultsOf(withControl({ clock: 'virtual' }, { host: '0.0.0.0' }))).toEqual([
      'control.token: missing; on the host "0.0.0.0" other machines can reach the control API. Give a token, or listen on 127.0.0.1',
    ]);
    expect(configOf(withControl({ token: 't' }, { host: '0.0.0.0' })).control?.token).toBe('t');
  });

  test('works only on a single node', () => {
    expect(faultsOf(withControl(true, { redis: { url: 'redis://127.0.0.1' } }))).toEqual([
      'control: works only on a single node; leave out redis',
    ]);
  });

  test.each([
    ['yes', 'control: expected true, false or an object, got "yes"'],
    [{ clok: 'real' }, 'control.clok: unknown key "clok"; did you mean "clock"?'],
    [{ clock: 'fake' }, 'control.clock: expected one of real, virtual, got "fake"'],
    [{ token: 7 }, 'control.token: expected a non-empty string, got a number'],
  ])('%j is a fault', (control, fault) => {
    expect(faultsOf(withControl(control))).toEqual([fault]);
  });
});
