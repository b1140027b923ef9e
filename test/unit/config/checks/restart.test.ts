import { describe, expect, test } from 'vitest';
import { needsRestart } from '../../../../src/config/checks/restart.ts';
import type { Config } from '../../../../src/config/schema/schema.ts';
import { app, configOf } from '../loading.ts';

const before = configOf({ content: { apps: [app] } });
const tls = { certFile: '/cert.pem', keyFile: '/key.pem', passphrase: undefined };

describe('needsRestart', () => {
  test('names nothing if nothing differs', () => {
    expect(needsRestart(before, configOf({ content: { apps: [app] } }))).toEqual([]);
  });

  test('names nothing that a running server applies', () => {
    const after = configOf({
      content: { apps: [{ ...app, secret: 'new' }], limits: { presenceMembers: 7 } },
    });
    expect(after).not.toEqual(before);
    expect(needsRestart(before, after)).toEqual([]);
  });

  test('names every other key that differs, whatever its depth', () => {
    const content = { apps: [app], logLevel: 'debug', webhooks: { retry: { jitter: 0 } } };
    expect(needsRestart(before, configOf({ content }))).toEqual(['webhooks', 'logLevel']);
  });

  test('names all keys that it does not know to be changeable, except apps, limits and tls', () => {
    const other = Object.fromEntries(
      Object.keys(before).map((key) => [key, key === 'apps' ? before.apps : 'other']),
    );
    expect(needsRestart(before, { ...before, ...other })).toEqual(
      Object.keys(before).filter((key) => !['apps', 'limits'].includes(key)),
    );
    const grown: Config & { readonly novel: number } = { ...before, novel: 1 };
    expect(needsRestart(before, grown)).toEqual(['novel']);
    expect(needsRestart(grown, before)).toEqual(['novel']);
  });

  test('names tls only if it is added or removed', () => {
    const withTls = { ...before, tls };
    expect(needsRestart(before, withTls)).toEqual(['tls']);
    expect(needsRestart(withTls, before)).toEqual(['tls']);
    expect(needsRestart(withTls, { ...before, tls: { ...tls, certFile: '/other.pem' } })).toEqual([]);
  });

  test('names maxBackpressureBytes unless it follows from limits that need no more than the active value', () => {
    const large = configOf({ content: { apps: [app], limits: { eventDataBytes: 1_000_000 } } });
    expect(large.maxBackpressureBytes).toBeGreaterThan(before.maxBackpressureBytes);
    expect(needsRestart(large, before)).toEqual([]);
    expect(needsRestart(before, large)).toEqual(['maxBackpressureBytes']);
    const set = configOf({ content: { apps: [app], maxBackpressureBytes: 2_000_000 } });
    expect(needsRestart(large, set)).toEqual(['maxBackpressureBytes']);
  });

  test('names metrics if they are added, moved or removed', () => {
    const withMetrics = (port: number) => ({ ...before, metrics: { host: '127.0.0.1', port } });
    expect(needsRestart(before, withMetrics(1))).toEqual(['metrics']);
    expect(needsRestart(withMetrics(1), withMetrics(2))).toEqual(['metrics']);
    expect(needsRestart(withMetrics(1), before)).toEqual(['metrics']);
  });
});
