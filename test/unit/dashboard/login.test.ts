import { describe, expect, test } from 'vitest';
import { accessOf, aProgram, cookieOf, inShort, proxied, thePage, token, viewToken } from './callers.ts';

const hourMs = 60 * 60 * 1000;
const look = { method: 'get', api: 'dashboard' } as const;
const change = { method: 'post', api: 'dashboard' } as const;
const config = { token, viewToken };

describe('a session', () => {
  test('has the role of the token that started it', () => {
    const { access } = accessOf(config);
    const full = thePage({ cookie: cookieOf(access.login(token, thePage())) });
    const view = thePage({ cookie: cookieOf(access.login(viewToken, thePage())) });
    expect(inShort(access.admit(full, change))).toBe('full token');
    expect(inShort(access.admit(view, look))).toBe('view view token');
    expect(inShort(access.admit(view, change))).toBe('403 ERR_ROLE');
  });

  test('is identified by a cookie that neither scripts nor other sites get', () => {
    const { access } = accessOf(config);
    const { setCookie } = access.login(token, thePage()) as { setCookie: string };
    expect(setCookie).toMatch(
      /^soketify_dashboard_6001=[\w-]{43}; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const outside = access.login(token, thePage(proxied)) as { setCookie: string };
    expect(outside.setCookie).toMatch(
      /^__Secure-soketify_dashboard=[\w-]{43}; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  test('is found among other cookies, even with the same name', () => {
    const { access } = accessOf(config);
    const cookie = cookieOf(access.login(token, thePage()));
    const [name] = cookie.split('=');
    const sent = `theme=dark; ${name}=of-another-server;${cookie}; x`;
    expect(inShort(access.admit(thePage({ cookie: sent }), look))).toBe('full token');
  });

  test('expires after twelve hours', async () => {
    const { access, clock } = accessOf(config);
    const caller = thePage({ cookie: cookieOf(access.login(token, thePage())) });
    await clock.advance(12 * hourMs - 1);
    expect(inShort(access.admit(caller, look))).toBe('full token');
    await clock.advance(1);
    expect(inShort(access.admit(caller, look))).toBe('401 ERR_TOKEN');
  });

  test('ends when its page logs out', () => {
    const { access } = accessOf(config);
    const caller = thePage({ cookie: cookieOf(access.login(token, thePage())) });
    const outcome = access.logout(caller) as { setCookie: string };
    expect(outcome.setCookie).toBe('soketify_dashboard_6001=; Max-Age=0; HttpOnly; SameSite=Strict');
    expect(inShort(access.admit(caller, look))).toBe('401 ERR_TOKEN');
  });

  test('does not end when another page logs out', () => {
    const { access } = accessOf(config);
    const caller = thePage({ cookie: cookieOf(access.login(token, thePage())) });
    expect(inShort(access.logout({ ...caller, fetchSite: 'same-site' }))).toBe('403 ERR_ORIGIN');
    expect(inShort(access.logout({ ...caller, contentType: 'text/plain' }))).toBe('415 ERR_CONTENT_TYPE');
    expect(inShort(access.admit(caller, look))).toBe('full token');
  });

  test.each(['', 'x', 'A'.repeat(43), '__proto__'])('cannot be forged by %j', (id) => {
    const { access } = accessOf(config);
    access.login(token, thePage());
    const caller = thePage({ cookie: `soketify_dashboard_6001=${id}` });
    expect(inShort(access.admit(caller, look))).toBe('401 ERR_TOKEN');
  });

  test('cannot be used by another page', () => {
    const { access } = accessOf(config);
    const cookie = cookieOf(access.login(token, thePage()));
    for (const [fetchSite, origin] of [
      ['cross-site', 'https://evil.example'],
      ['same-site', 'http://127.0.0.1:8080'],
      ['', 'http://127.0.0.1:8080'],
      ['', ''],
    ] as const) {
      const caller = thePage({ cookie, fetchSite, origin });
      expect(inShort(access.admit(caller, look))).toBe('403 ERR_ORIGIN');
    }
  });

  test('is replaced by later ones of the same token beyond five hundred', () => {
    const { access } = accessOf(config);
    const viewer = cookieOf(access.login(viewToken, thePage()));
    const cookies = Array.from({ length: 501 }, () => cookieOf(access.login(token, thePage())));
    const outcomes = cookies.map((cookie) => inShort(access.admit(thePage({ cookie }), look)));
    expect(outcomes.indexOf('full token')).toBe(1);
    expect(outcomes.filter((outcome) => outcome === 'full token')).toHaveLength(500);
    expect(inShort(access.admit(thePage({ cookie: viewer }), look))).toBe('view view token');
  });
});

describe('a login', () => {
  test.each([
    ['of a program', aProgram(), '403 ERR_ORIGIN'],
    ['of another page', thePage({ fetchSite: 'cross-site' }), '403 ERR_ORIGIN'],
    ['of a form', thePage({ contentType: 'multipart/form-data' }), '415 ERR_CONTENT_TYPE'],
  ])('%s is refused even with the token', (_, caller, outcome) => {
    expect(inShort(accessOf(config).access.login(token, caller))).toBe(outcome);
  });

  test('is refused if the server has no token', () => {
    expect(inShort(accessOf().access.login(token, thePage()))).toBe('403 ERR_NO_TOKEN');
    expect(inShort(accessOf().access.login('', thePage()))).toBe('403 ERR_NO_TOKEN');
  });

  test('is blocked for the rest of the minute after five wrong tokens, even with the right one', async () => {
    const { access, clock } = accessOf(config);
    const tryTo = (sent: string) => access.login(sent, thePage());
    for (let time = 0; time < 5; time += 1) {
      expect(inShort(tryTo('wrong'))).toBe('401 ERR_TOKEN');
      await clock.advance(1000);
    }
    expect(tryTo(token)).toMatchObject({ status: 429, retryAfterSeconds: 55 });
    await clock.advance(54_999);
    expect(inShort(tryTo(token))).toBe('429 ERR_TOO_MANY_TRIES');
    await clock.advance(1);
    expect(inShort(tryTo(token))).toBe('full token');
    expect(inShort(tryTo('wrong'))).toBe('401 ERR_TOKEN');
  });

  test('is not blocked by failures from another address', () => {
    const { access } = accessOf(config);
    const at = (remoteAddress: string, sent: string) =>
      inShort(access.login(sent, thePage({ remoteAddress })));
    for (let time = 0; time < 5; time += 1) at('2001:db8::1', 'wrong');
    expect(at('2001:db8::2', token)).toBe('429 ERR_TOO_MANY_TRIES');
    expect(at('2001:db8:0:1::1', token)).toBe('full token');
    expect(at('192.0.2.1', token)).toBe('full token');
  });

  test('with the right token does not count as a failure', () => {
    const { access } = accessOf(config);
    for (let time = 0; time < 20; time += 1)
      expect(inShort(access.login(token, thePage()))).toBe('full token');
  });

  test('is not blocked by failures from very many addresses', () => {
    const { access } = accessOf(config);
    for (let host = 0; host < 20_000; host += 1) {
      access.login('wrong', thePage({ remoteAddress: `10.0.${host >> 8}.${host & 255}` }));
    }
    expect(inShort(access.login(token, thePage()))).toBe('full token');
  });
});
