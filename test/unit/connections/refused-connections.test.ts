import { describe, expect, test, vi } from 'vitest';
import type { Greeting } from '../../../src/ports/greeting.ts';
import { application, greeting } from '../../support/unit/application.ts';
import { hubStage } from '../../support/unit/hub-stage.ts';

/** An app that accepts encrypted connections from its own pages, two at most. */
const strict = application({
  forceTls: true,
  allowedOrigins: ['https://*.a.example'],
  limits: { connections: 2 },
});
const welcome: Partial<Greeting> = { isSecure: true, origin: 'https://app.a.example' };

const texts = {
  tls: 'Application only accepts SSL connections, reconnect using wss://',
  quota: 'Application is over connection quota: it has 2 connections, the most that are accepted',
} as const;

function strictStage(app = strict) {
  const info = vi.fn();
  const connectionOpened = vi.fn();
  const stage = hubStage({ apps: [app], log: { info }, metrics: { connectionOpened } });
  return {
    ...stage,
    info,
    connectionOpened,
    connectClient(given: Partial<Greeting> = {}) {
      const socket = stage.node.socket();
      const session = stage.hub.open(socket, greeting('app-key', given));
      return { socket, session };
    },
  };
}

describe('a connection', () => {
  test('to a disabled app is closed with 4003', () => {
    const { connectClient } = strictStage(application({ isEnabled: false }));
    const { socket, session } = connectClient();
    expect(session).toBeUndefined();
    socket.expectClosed(4003, 'Application disabled');
    socket.expectNoFrame();
  });

  test('in the clear to an app that demands TLS is closed with 4000', () => {
    const { connectClient } = strictStage();
    const { socket } = connectClient({ ...welcome, isSecure: false });
    socket.expectClosed(4000, texts.tls);
    socket.expectNoFrame();
  });

  test.each(['https://evil.example', 'https://a.example', 'null', 'https://app.a.example.evil'])(
    'from a page of %s, which is not allowed, is closed with 4009',
    (origin) => {
      const { connectClient } = strictStage();
      const { socket } = connectClient({ ...welcome, origin });
      socket.expectClosed(4009, `Origin not allowed: ${origin}`);
      socket.expectNoFrame();
    },
  );

  test('without a page is accepted whatever pages are allowed', () => {
    const { connectClient } = strictStage(application({ allowedOrigins: [] }));
    expect(connectClient().session).toBeDefined();
    expect(connectClient({ origin: 'https://a.example' }).session).toBeUndefined();
  });

  test('above the quota is closed with 4004, until another has closed', () => {
    const { connectClient, hub } = strictStage();
    const [first] = [connectClient(welcome), connectClient(welcome)];
    const third = connectClient(welcome);
    third.socket.expectClosed(4004, texts.quota);
    third.socket.expectNoFrame();
    connectClient(welcome).socket.expectClosed(4004);
    if (first.session !== undefined) hub.closed(first.session);
    expect(connectClient(welcome).session).toBeDefined();
    connectClient(welcome).socket.expectClosed(4004);
  });

  test('counts only for the quota of its own app', () => {
    const other = application({ id: '2', key: 'other', secret: 's2', limits: { connections: 1 } });
    const { hub, node } = hubStage({ apps: [application({ limits: { connections: 1 } }), other] });
    expect(hub.open(node.socket(), greeting())).toBeDefined();
    expect(hub.open(node.socket(), greeting('other'))).toBeDefined();
    expect(hub.open(node.socket(), greeting())).toBeUndefined();
  });

  test('with another key of the app belongs to the app', () => {
    const otherKeys = [{ key: 'second', secret: 's2' }];
    const { hub, node, apps } = hubStage({ apps: [application({ otherKeys, limits: { connections: 1 } })] });
    expect(hub.open(node.socket(), greeting('second'))?.app).toBe(apps.byId('1'));
    expect(hub.open(node.socket(), greeting())).toBeUndefined();
  });

  test('that is refused is neither counted nor kept', () => {
    const { connectClient, connectionOpened, apps } = strictStage();
    for (const given of [{}, { ...welcome, origin: 'x' }, { ...welcome, protocol: '3' }])
      connectClient(given);
    expect(connectionOpened).not.toHaveBeenCalled();
    expect([...apps].map(({ sessions }) => sessions.size)).toEqual([0]);
  });
});

describe('of several reasons to refuse a connection', () => {
  /** Everything about it is wrong except what is corrected; the next reason in order is sent. */
  test('the first is sent: key, disabled, TLS, origin, protocol, quota', () => {
    const wrong = { isSecure: false, origin: 'https://evil.example', protocol: '3' };
    const off = strictStage({ ...strict, isEnabled: false, limits: { ...strict.limits, connections: 0 } });
    const nobody = off.node.socket();
    off.hub.open(nobody, greeting('nobody', wrong));
    nobody.expectClosed(4001);
    off.connectClient(wrong).socket.expectClosed(4003);
    const { connectClient, hub } = strictStage({ ...strict, limits: { ...strict.limits, connections: 0 } });
    connectClient(wrong).socket.expectClosed(4000);
    connectClient({ ...wrong, isSecure: true }).socket.expectClosed(4009);
    connectClient({ ...wrong, ...welcome }).socket.expectClosed(4007);
    connectClient({ ...wrong, ...welcome, protocol: '7' }).socket.expectClosed(4004);
    void hub.close();
    connectClient(wrong).socket.expectClosed(4200);
  });
});

describe('a connection', () => {
  test('is logged in one line with the reason and the address if it is refused', () => {
    const { connectClient, info } = strictStage();
    connectClient({ ...welcome, origin: 'https://evil.example', remoteAddress: '192.0.2.7' });
    expect(info).toHaveBeenCalledExactlyOnceWith(
      {
        appId: '1',
        reason: 'origin_not_allowed',
        code: 4009,
        error: 'Origin not allowed: https://evil.example',
        key: 'app-key',
        origin: 'https://evil.example',
        remoteAddress: '192.0.2.7',
      },
      'connection refused',
    );
  });

  test('is logged without a secret and at a readable length if it is refused', () => {
    const { connectClient, hub, node, info } = strictStage();
    connectClient({ ...welcome, origin: `https://${'x'.repeat(10_000)}` });
    connectClient({ ...welcome, protocol: 'p'.repeat(10_000) });
    connectClient();
    hub.open(node.socket(), greeting('k'.repeat(10_000)));
    expect(info).toHaveBeenCalledTimes(4);
    for (const [fields, message] of info.mock.calls) {
      expect(message).toBe('connection refused');
      expect(JSON.stringify(fields)).not.toContain(strict.secret);
      expect(JSON.stringify(fields).length).toBeLessThan(1000);
    }
  });

  test('causes no line if it is accepted', () => {
    const { connectClient, info } = strictStage();
    expect(connectClient(welcome).session).toBeDefined();
    expect(info).not.toHaveBeenCalled();
  });
});

describe('a changed configuration of an app', () => {
  test('applies to new connections, and closes none', () => {
    const { connectClient, apps } = strictStage();
    const { socket } = connectClient(welcome);
    apps.replace([{ ...strict, isEnabled: false }]);
    socket.expectOpen();
    connectClient(welcome).socket.expectClosed(4003);
    apps.replace([{ ...strict, limits: { ...strict.limits, connections: 1 } }]);
    connectClient(welcome).socket.expectClosed(4004);
    apps.replace([application()]);
    expect(connectClient().session).toBeDefined();
    apps.replace([application({ key: 'new' })]);
    connectClient().socket.expectClosed(4001);
    socket.expectOpen();
  });
});
