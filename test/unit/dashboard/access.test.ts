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

describe('without a token, the admin API', () => {
  test.each<Case>([
    ['lets a program on this machine read', 'get', aProgram(), 'full local'],
    ['lets a program on this machine make changes', 'put', aProgram(), 'full local'],
    ['lets a person at the address bar read', 'get', aProgram({ fetchSite: 'none' }), 'full local'],
    ['refuses other pages', 'get', aProgram(foreignPage), '403 ERR_ORIGIN'],
    ['refuses pages of another port', 'get', aProgram({ fetchSite: 'same-site' }), '403 ERR_ORIGIN'],
    [
      'refuses changes from every page',
      'post',
      aProgram({ fetchSite: 'same-origin', origin: 'http://127.0.0.1:6001' }),
      '403 ERR_ORIGIN',
    ],
    ['refuses DNS rebinding', 'get', aProgram({ host: 'evil.example:6001' }), '421 ERR_HOST'],
    ['refuses requests without a Host', 'get', aProgram({ host: '' }), '421 ERR_HOST'],
    ['refuses requests that a proxy forwards', 'get', aProgram({ isForwarded: true }), '403 ERR_FORWARDED'],
    ['refuses other machines', 'get', aProgram({ ...remote, host: 'localhost' }), '403 ERR_REMOTE'],
    ['accepts only JSON', 'post', aProgram({ contentType: 'text/plain' }), '415 ERR_CONTENT_TYPE'],
    [
      'refuses changes without a content type',
      'delete',
      aProgram({ contentType: '' }),
      '415 ERR_CONTENT_TYPE',
    ],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(open.admit(caller, { method, api: 'admin' }))).toBe(outcome);
  });
});

describe('without a token, the API of the page', () => {
  test.each<Case>([
    ['lets the page read', 'get', thePage(), 'full local'],
    [
      'lets the page make changes',
      'post',
      thePage({ origin: 'http://127.0.0.1:6001', contentType: 'application/json; charset=utf-8' }),
      'full local',
    ],
    [
      'accepts the page in a browser without Sec-Fetch-Site',
      'post',
      thePage({ fetchSite: '', origin: 'http://127.0.0.1:6001' }),
      'full local',
    ],
    ['accepts the page at localhost', 'get', thePage({ host: 'LocalHost:6001' }), 'full local'],
    ['accepts the page at a name under localhost', 'get', thePage({ host: 'a.localhost' }), 'full local'],
    ['accepts the page at [::1]', 'get', thePage({ host: '[::1]:6001' }), 'full local'],
    ['refuses programs', 'get', aProgram(), '403 ERR_ORIGIN'],
    ['refuses the address bar', 'get', aProgram({ fetchSite: 'none' }), '403 ERR_ORIGIN'],
    ['refuses other pages', 'get', thePage(foreignPage), '403 ERR_ORIGIN'],
    ['refuses pages of another port', 'get', thePage({ fetchSite: 'same-site' }), '403 ERR_ORIGIN'],
    [
      'refuses other origins in a browser without Sec-Fetch-Site',
      'get',
      thePage({ fetchSite: '', origin: 'http://127.0.0.1:8080' }),
      '403 ERR_ORIGIN',
    ],
    [
      'refuses pages with an opaque origin',
      'post',
      thePage({ fetchSite: '', origin: 'null' }),
      '403 ERR_ORIGIN',
    ],
    [
      'trusts Sec-Fetch-Site more than an origin that looks like its own',
      'get',
      thePage({ fetchSite: 'cross-site', origin: 'http://127.0.0.1:6001' }),
      '403 ERR_ORIGIN',
    ],
    [
      'refuses DNS rebinding, where the page has the same origin',
      'get',
      thePage({ host: 'evil.example:6001', origin: 'http://evil.example:6001' }),
      '421 ERR_HOST',
    ],
    [
      'refuses names that only look like this machine',
      'get',
      thePage({ host: 'localhost.evil.example' }),
      '421 ERR_HOST',
    ],
    [
      'refuses addresses that only look like this machine',
      'get',
      thePage({ host: '127.0.0.1.evil.example:6001' }),
      '421 ERR_HOST',
    ],
    [
      'refuses forms',
      'post',
      thePage({ contentType: 'application/x-www-form-urlencoded' }),
      '415 ERR_CONTENT_TYPE',
    ],
    [
      'refuses types that only begin like JSON',
      'post',
      thePage({ contentType: 'application/jsonp' }),
      '415 ERR_CONTENT_TYPE',
    ],
    ['refuses requests that a proxy forwards', 'get', thePage({ isForwarded: true }), '403 ERR_FORWARDED'],
    ['refuses other machines', 'get', thePage({ ...remote, host: 'localhost' }), '403 ERR_REMOTE'],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(open.admit(caller, { method, api: 'dashboard' }))).toBe(outcome);
  });

  test.each([
    ['dev.internal:6001', 'full local'],
    ['DEV.internal', 'full local'],
    ['[2001:db8::1]:6001', 'full local'],
    ['localhost', 'full local'],
    ['dev.internal.evil.example', '421 ERR_HOST'],
    ['x.dev.internal', '421 ERR_HOST'],
  ])('with allowedHosts, the host %s leads to %s', (host, outcome) => {
    expect(inShort(named.admit(thePage({ host }), { method: 'get', api: 'dashboard' }))).toBe(outcome);
  });
});

describe('with a token, the admin API', () => {
  test.each<Case>([
    ['accepts the token', 'post', aProgram({ ...remote, ...bearer(token) }), 'full token'],
    ['accepts the token through a proxy', 'get', aProgram({ ...proxied, ...bearer(token) }), 'full token'],
    ['lets the view token read', 'get', aProgram(bearer(viewToken)), 'view view token'],
    ['refuses a POST with the view token', 'post', aProgram(bearer(viewToken)), '403 ERR_ROLE'],
    ['refuses a PUT with the view token', 'put', aProgram(bearer(viewToken)), '403 ERR_ROLE'],
    ['refuses a DELETE with the view token', 'delete', aProgram(bearer(viewToken)), '403 ERR_ROLE'],
    ['requires the token on this machine as well', 'get', aProgram(), '401 ERR_TOKEN'],
    ['refuses a longer token', 'get', aProgram(bearer(`${token}x`)), '401 ERR_TOKEN'],
    ['refuses the beginning of the token', 'get', aProgram(bearer(token.slice(0, -1))), '401 ERR_TOKEN'],
    ['refuses the token in upper case', 'get', aProgram(bearer(token.toUpperCase())), '401 ERR_TOKEN'],
    ['refuses an empty token', 'get', aProgram({ authorization: 'Bearer ' }), '401 ERR_TOKEN'],
    ['refuses another scheme', 'get', aProgram({ authorization: `Basic ${token}` }), '401 ERR_TOKEN'],
    ['refuses a token without a scheme', 'get', aProgram({ authorization: token }), '401 ERR_TOKEN'],
    [
      'accepts only JSON',
      'post',
      aProgram({ ...bearer(token), contentType: 'text/plain' }),
      '415 ERR_CONTENT_TYPE',
    ],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(guarded.admit(caller, { method, api: 'admin' }))).toBe(outcome);
  });

  test('explains what it expects, without the token', () => {
    const refusal = JSON.stringify(guarded.admit(aProgram(bearer('wrong')), { method: 'get', api: 'admin' }));
    expect(refusal).toContain('Authorization: Bearer TOKEN');
    expect(refusal).not.toContain(token);
  });

  test('ignores cookies', () => {
    const cookie = cookieOf(guarded.login(token, thePage()));
    expect(inShort(guarded.admit(aProgram({ cookie }), { method: 'get', api: 'admin' }))).toBe(
      '401 ERR_TOKEN',
    );
  });
});

describe('with a token, the API of the page', () => {
  test.each<Case>([
    ['refuses requests without credentials', 'get', thePage(), '401 ERR_TOKEN'],
    ['accepts the token', 'post', thePage(bearer(token)), 'full token'],
    [
      'refuses other pages even with the token',
      'get',
      thePage({ ...foreignPage, ...bearer(token) }),
      '403 ERR_ORIGIN',
    ],
    ['refuses programs even with the token', 'get', aProgram(bearer(token)), '403 ERR_ORIGIN'],
    ['accepts the page on another machine', 'get', thePage({ ...remote, ...bearer(token) }), 'full token'],
    [
      'distinguishes an origin of http from one of https',
      'post',
      thePage({ fetchSite: '', origin: 'http://dash.example.com', ...proxied, ...bearer(token) }),
      '403 ERR_ORIGIN',
    ],
    [
      'accepts the origin of https if the page has it',
      'post',
      thePage({ fetchSite: '', origin: 'https://dash.example.com', ...proxied, ...bearer(token) }),
      'full token',
    ],
  ])('%s', (_, method, caller, outcome) => {
    expect(inShort(guarded.admit(caller, { method, api: 'dashboard' }))).toBe(outcome);
  });

  test.each([
    ['dash.example.com', 'full token'],
    ['localhost:6001', 'full token'],
    ['evil.example', '421 ERR_HOST'],
  ])('with allowedHosts, the host %s leads to %s', (host, outcome) => {
    const caller = thePage({ host, ...bearer(token) });
    expect(inShort(guardedByName.admit(caller, { method: 'get', api: 'dashboard' }))).toBe(outcome);
    expect(inShort(guardedByName.admit({ ...caller, fetchSite: '' }, { method: 'get', api: 'admin' }))).toBe(
      outcome,
    );
  });
});

describe('in production', () => {
  test.each<Case>([
    ['https through a trusted proxy is accepted', 'get', thePage(proxied), 'full token'],
    ['a request from this machine is accepted', 'get', thePage(), 'full token'],
    ['plain HTTP from another machine is refused', 'get', thePage(remote), '403 ERR_INSECURE'],
    [
      'plain HTTP through a proxy on this machine is refused',
      'get',
      thePage({ isForwarded: true }),
      '403 ERR_INSECURE',
    ],
    ['TLS is accepted', 'get', thePage({ ...remote, isSecure: true }), 'full token'],
  ])('%s', (_, method, caller, outcome) => {
    const withToken = { ...caller, ...bearer(token) };
    for (const api of ['dashboard', 'admin'] as const)
      expect(inShort(production.admit(withToken, { method, api }))).toBe(outcome);
  });

  test('a login by plain HTTP is refused', () => {
    expect(inShort(production.login(token, thePage(remote)))).toBe('403 ERR_INSECURE');
  });
});
