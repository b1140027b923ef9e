import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../src/auth/caller.ts';
import { accessOf, aProgram, cookieOf, inShort, proxied, thePage, token, viewToken } from './callers.ts';

const bearer = (sent: string): Partial<Caller> => ({ authorization: `Bearer ${sent}` });
const remote: Partial<Caller> = { isLocal: false, remoteAddress: '192.0.2.1', host: '192.0.2.9:6001' };
const foreignPage: Partial<Caller> = { origin: 'https://evil.example', fetchSite: 'cross-site' };

const open = accessOf().access;
const named = accessOf({ allowedHosts: ['dev.internal', '2001:db8::1'] }).access;
const guarded = accessOf({ token, viewToken }).access;
const guardedByName = accessOf({ token, allowedHosts: ['dash.example.com'] }).access;
const production = accessOf({ token }, { isProduction: true }).access;

type Method = 'get' | 'post' | 'put' | 'delete';
type Case = readonly [title: string, method: Method, caller: Caller, outcome: string];

describe('without a token, the door of programs', () => {
  test.each<Case>([
    ['lets a program of this machine look', 'get', aProgram(), 'full local'],
    ['lets a program of this machine change something', 'put', aProgram(), 'full local'],
    ['lets a person at the address line look', 'get', aProgram({ fetchSite: 'none' }), 'full local'],
    ['keeps other pages out', 'get', aProgram(foreignPage), '403 ERR_ORIGIN'],
    ['keeps pages of another port out', 'get', aProgram({ fetchSite: 'same-site' }), '403 ERR_ORIGIN'],
    [
      'keeps every page out that would change something',
      'post',
      aProgram({ fetchSite: 'same-origin', origin: 'http://127.0.0.1:6001' }),
      '403 ERR_ORIGIN',
    ],
    ['keeps DNS rebinding out', 'get', aProgram({ host: 'evil.example:6001' }), '421 ERR_HOST'],
    ['keeps requests without a Host out', 'get', aProgram({ host: '' }), '421 ERR_HOST'],
    ['keeps out what a proxy passes on', 'get', aProgram({ isForwarded: true }), '403 ERR_FORWARDED'],
    ['keeps other machines out', 'get', aProgram({ ...remote, host: 'localhost' }), '403 ERR_REMOTE'],
    ['takes JSON only', 'post', aProgram({ contentType: 'text/plain' }), '415 ERR_CONTENT_TYPE'],
    ['takes nothing without a type', 'delete', aProgram({ contentType: '' }), '415 ERR_CONTENT_TYPE'],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(open.admit(caller, { method, door: 'admin' }))).toBe(outcome);
  });
});

describe('without a token, the door of the page', () => {
  test.each<Case>([
    ['lets the page look', 'get', thePage(), 'full local'],
    [
      'lets the page change something',
      'post',
      thePage({ origin: 'http://127.0.0.1:6001', contentType: 'application/json; charset=utf-8' }),
      'full local',
    ],
    [
      'lets the page of a browser in that knows no Sec-Fetch-Site',
      'post',
      thePage({ fetchSite: '', origin: 'http://127.0.0.1:6001' }),
      'full local',
    ],
    ['lets the page in by localhost', 'get', thePage({ host: 'LocalHost:6001' }), 'full local'],
    ['lets the page in by a name under localhost', 'get', thePage({ host: 'a.localhost' }), 'full local'],
    ['lets the page in by [::1]', 'get', thePage({ host: '[::1]:6001' }), 'full local'],
    ['keeps programs out', 'get', aProgram(), '403 ERR_ORIGIN'],
    ['keeps the address line out', 'get', aProgram({ fetchSite: 'none' }), '403 ERR_ORIGIN'],
    ['keeps other pages out', 'get', thePage(foreignPage), '403 ERR_ORIGIN'],
    ['keeps pages of another port out', 'get', thePage({ fetchSite: 'same-site' }), '403 ERR_ORIGIN'],
    [
      'keeps other origins out where there is no Sec-Fetch-Site',
      'get',
      thePage({ fetchSite: '', origin: 'http://127.0.0.1:8080' }),
      '403 ERR_ORIGIN',
    ],
    [
      'keeps pages without an origin out',
      'post',
      thePage({ fetchSite: '', origin: 'null' }),
      '403 ERR_ORIGIN',
    ],
    [
      'believes Sec-Fetch-Site more than an origin that looks like its own',
      'get',
      thePage({ fetchSite: 'cross-site', origin: 'http://127.0.0.1:6001' }),
      '403 ERR_ORIGIN',
    ],
    [
      'keeps DNS rebinding out, whose page is of the same origin',
      'get',
      thePage({ host: 'evil.example:6001', origin: 'http://evil.example:6001' }),
      '421 ERR_HOST',
    ],
    [
      'keeps names out that only look like this machine',
      'get',
      thePage({ host: 'localhost.evil.example' }),
      '421 ERR_HOST',
    ],
    [
      'keeps addresses out that only look like this machine',
      'get',
      thePage({ host: '127.0.0.1.evil.example:6001' }),
      '421 ERR_HOST',
    ],
    [
      'keeps forms out',
      'post',
      thePage({ contentType: 'application/x-www-form-urlencoded' }),
      '415 ERR_CONTENT_TYPE',
    ],
    [
      'keeps types out that only begin like JSON',
      'post',
      thePage({ contentType: 'application/jsonp' }),
      '415 ERR_CONTENT_TYPE',
    ],
    ['keeps out what a proxy passes on', 'get', thePage({ isForwarded: true }), '403 ERR_FORWARDED'],
    ['keeps other machines out', 'get', thePage({ ...remote, host: 'localhost' }), '403 ERR_REMOTE'],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(open.admit(caller, { method, door: 'dashboard' }))).toBe(outcome);
  });

  test.each([
    ['dev.internal:6001', 'full local'],
    ['DEV.internal', 'full local'],
    ['[2001:db8::1]:6001', 'full local'],
    ['localhost', 'full local'],
    ['dev.internal.evil.example', '421 ERR_HOST'],
    ['x.dev.internal', '421 ERR_HOST'],
  ])('with allowedHosts answers %s by %s', (host, outcome) => {
    expect(inShort(named.admit(thePage({ host }), { method: 'get', door: 'dashboard' }))).toBe(outcome);
  });
});

describe('with a token, the door of programs', () => {
  test.each<Case>([
    ['lets in whoever has it', 'post', aProgram({ ...remote, ...bearer(token) }), 'full token'],
    ['lets in what a proxy passes on', 'get', aProgram({ ...proxied, ...bearer(token) }), 'full token'],
    ['lets the view token look', 'get', aProgram(bearer(viewToken)), 'view view token'],
    ['lets the view token change nothing', 'post', aProgram(bearer(viewToken)), '403 ERR_ROLE'],
    ['lets the view token put nothing', 'put', aProgram(bearer(viewToken)), '403 ERR_ROLE'],
    ['lets the view token delete nothing', 'delete', aProgram(bearer(viewToken)), '403 ERR_ROLE'],
    ['asks for it on this machine as well', 'get', aProgram(), '401 ERR_TOKEN'],
    ['knows a wrong one', 'get', aProgram(bearer(`${token}x`)), '401 ERR_TOKEN'],
    ['knows the beginning of one', 'get', aProgram(bearer(token.slice(0, -1))), '401 ERR_TOKEN'],
    ['knows another case of one', 'get', aProgram(bearer(token.toUpperCase())), '401 ERR_TOKEN'],
    ['knows an empty one', 'get', aProgram({ authorization: 'Bearer ' }), '401 ERR_TOKEN'],
    ['takes no other scheme', 'get', aProgram({ authorization: `Basic ${token}` }), '401 ERR_TOKEN'],
    ['takes no token alone', 'get', aProgram({ authorization: token }), '401 ERR_TOKEN'],
    [
      'takes JSON only',
      'post',
      aProgram({ ...bearer(token), contentType: 'text/plain' }),
      '415 ERR_CONTENT_TYPE',
    ],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(guarded.admit(caller, { method, door: 'admin' }))).toBe(outcome);
  });

  test('says what it expects, and no token', () => {
    const refusal = JSON.stringify(
      guarded.admit(aProgram(bearer('wrong')), { method: 'get', door: 'admin' }),
    );
    expect(refusal).toContain('Authorization: Bearer TOKEN');
    expect(refusal).not.toContain(token);
  });

  test('takes no cookie', () => {
    const cookie = cookieOf(guarded.login(token, thePage()));
    expect(inShort(guarded.admit(aProgram({ cookie }), { method: 'get', door: 'admin' }))).toBe(
      '401 ERR_TOKEN',
    );
  });
});

describe('with a token, the door of the page', () => {
  test.each<Case>([
    ['lets nobody in who shows nothing', 'get', thePage(), '401 ERR_TOKEN'],
    ['lets in whoever shows it', 'post', thePage(bearer(token)), 'full token'],
    [
      'keeps other pages out, whatever they show',
      'get',
      thePage({ ...foreignPage, ...bearer(token) }),
      '403 ERR_ORIGIN',
    ],
    ['keeps programs out, whatever they show', 'get', aProgram(bearer(token)), '403 ERR_ORIGIN'],
    ['lets the page of another machine in', 'get', thePage({ ...remote, ...bearer(token) }), 'full token'],
    [
      'takes an origin of http for none of https',
      'post',
      thePage({ fetchSite: '', origin: 'http://dash.example.com', ...proxied, ...bearer(token) }),
      '403 ERR_ORIGIN',
    ],
    [
      'takes the origin of https where the page has it',
      'post',
      thePage({ fetchSite: '', origin: 'https://dash.example.com', ...proxied, ...bearer(token) }),
      'full token',
    ],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(guarded.admit(caller, { method, door: 'dashboard' }))).toBe(outcome);
  });

  test.each([
    ['dash.example.com', 'full token'],
    ['localhost:6001', 'full token'],
    ['evil.example', '421 ERR_HOST'],
  ])('with allowedHosts answers %s by %s', (host, outcome) => {
    const caller = thePage({ host, ...bearer(token) });
    expect(inShort(guardedByName.admit(caller, { method: 'get', door: 'dashboard' }))).toBe(outcome);
    expect(inShort(guardedByName.admit({ ...caller, fetchSite: '' }, { method: 'get', door: 'admin' }))).toBe(
      outcome,
    );
  });
});

describe('in production', () => {
  test.each<Case>([
    ['a proxy that is trusted and says https is enough', 'get', thePage(proxied), 'full token'],
    ['this machine is enough', 'get', thePage(), 'full token'],
    ['plain HTTP of another machine is refused', 'get', thePage(remote), '403 ERR_INSECURE'],
    [
      'plain HTTP that a proxy of this machine passes on is refused',
      'get',
      thePage({ isForwarded: true }),
      '403 ERR_INSECURE',
    ],
    ['TLS is enough', 'get', thePage({ ...remote, isSecure: true }), 'full token'],
  ])('%s', (_, method, caller, outcome) => {
    const withToken = { ...caller, ...bearer(token) };
    for (const door of ['dashboard', 'admin'] as const)
      expect(inShort(production.admit(withToken, { method, door }))).toBe(outcome);
  });

  test('nobody logs in by plain HTTP', () => {
    expect(inShort(production.login(token, thePage(remote)))).toBe('403 ERR_INSECURE');
  });
});
