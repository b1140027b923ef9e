import { expect, test } from 'vitest';
import type { EndpointHistory } from '../../../src/ports/endpoint-history.ts';
import { Acquaintance } from '../../../src/reconcile/acquaintance.ts';
import type { ResentFact } from '../../../src/delivery-log/resender.ts';
import { application, endpoint } from '../../support/unit/application.ts';

const wallTime = { now: () => Date.UTC(2026, 0, 31, 12) };

function resent(result: 'success' | 'refused'): ResentFact {
  return {
    deliveryId: 'msg_1',
    events: 1,
    attempt: { number: 2, resend: 1, timeMs: 0, elapsedMs: 1, result, status: 200 },
    request: {
      appId: '1',
      endpointId: 'main',
      url: 'http://hooks/',
      headers: {},
      body: Buffer.from(''),
      publicOnly: false,
    },
  };
}

test('a changed URL of an endpoint is reported', () => {
  const known = new Acquaintance(wallTime, [application({ endpoints: [endpoint({ url: 'http://a/' })] })]);
  expect(known.limitsOf('1', 'main')).toEqual([]);
  known.replace([application({ endpoints: [endpoint({ url: 'http://a/' })] })]);
  expect(known.limitsOf('1', 'main')).toEqual([]);
  known.replace([application({ endpoints: [endpoint({ url: 'http://b/' })] })]);
  expect(known.limitsOf('1', 'main')).toEqual([expect.stringMatching(/^Its URL was changed at .*12:00:00/)]);
});

test('an endpoint that is removed and added again starts afresh', () => {
  const known = new Acquaintance(wallTime, [application({ endpoints: [endpoint({ url: 'http://a/' })] })]);
  known.replace([]);
  known.replace([application({ endpoints: [endpoint({ url: 'http://b/' })] })]);
  expect(known.limitsOf('1', 'main')).toEqual([]);
});

test('deliveries that were resent and accepted are counted', () => {
  const known = new Acquaintance(wallTime, [application({ endpoints: [endpoint()] })]);
  known.resent(resent('refused'));
  expect(known.limitsOf('1', 'main')).toEqual([]);
  known.resent(resent('success'));
  known.resent(resent('success'));
  expect(known.limitsOf('1', 'main')).toEqual([expect.stringContaining('2 deliveries were resent')]);
});

test('an app that is reset starts afresh, also for the next run, and other apps do not', () => {
  const kept = new Map<string, EndpointHistory>();
  const apps = (url: string) => ['1', '2'].map((id) => application({ id, endpoints: [endpoint({ url })] }));
  const known = startWith(kept, apps('http://a/'));
  known.replace(apps('http://b/'));
  known.resent(resent('success'));
  known.forget('1');
  const next = startWith(kept, apps('http://b/'));
  for (const run of [known, next]) {
    expect(run.limitsOf('1', 'main')).toEqual([]);
    expect(run.limitsOf('2', 'main')).toHaveLength(1);
  }
});

/** A keeper of one run, and what it has kept for the next one. */
function keeper(kept: Map<string, EndpointHistory>) {
  return {
    put: (appId: string, endpointId: string, history: EndpointHistory) =>
      void kept.set(`${appId}/${endpointId}`, history),
    remove: (appId: string, endpointId: string) => void kept.delete(`${appId}/${endpointId}`),
  };
}

function startWith(
  kept: Map<string, EndpointHistory>,
  apps: ConstructorParameters<typeof Acquaintance>[1],
  forgotten: readonly string[] = [],
): Acquaintance {
  const stored = Array.from(kept, ([key, history]) => {
    const [appId = '', endpointId = ''] = key.split('/');
    return [appId, endpointId, history] as const;
  });
  const known = new Acquaintance(wallTime, apps, keeper(kept));
  known.restore(stored, (appId) => apps.some(({ id }) => id === appId), forgotten);
  return known;
}

const at = (url: string) => [application({ endpoints: [endpoint({ url })] })];

test('a run continues what earlier runs knew', () => {
  const kept = new Map<string, EndpointHistory>();
  const first = startWith(kept, at('http://a/'));
  expect(first.limitsOf('1', 'main')).toEqual([]);
  first.resent(resent('success'));
  first.replace(at('http://b/'));
  const limits = first.limitsOf('1', 'main');
  expect(limits).toHaveLength(2);
  expect(startWith(kept, at('http://b/')).limitsOf('1', 'main')).toEqual(limits);
});

test('a URL that was changed while the server was down is reported', () => {
  const kept = new Map<string, EndpointHistory>();
  startWith(kept, at('http://a/'));
  const whileDown = [expect.stringMatching(/^Its URL was changed while the server was down, .*12:00:00/)];
  expect(startWith(kept, at('http://b/')).limitsOf('1', 'main')).toEqual(whileDown);
  expect(startWith(kept, at('http://b/')).limitsOf('1', 'main')).toEqual(whileDown);
});

test('an app that is configured again continues', () => {
  const kept = new Map<string, EndpointHistory>();
  startWith(kept, at('http://a/'));
  const without = startWith(kept, []);
  expect(kept.size).toBe(1);
  without.replace(at('http://b/'));
  // The server had started before.
  expect(without.limitsOf('1', 'main')).toEqual([
    expect.stringMatching(/^Its URL was changed at .*12:00:00/),
  ]);
});

test('nothing is kept of endpoints that are gone, and of apps that were forgotten', () => {
  const kept = new Map<string, EndpointHistory>();
  startWith(kept, at('http://a/')).replace([application({ endpoints: [] })]);
  expect(kept.size).toBe(0);
  startWith(kept, at('http://a/'));
  startWith(kept, [application({ endpoints: [] })]);
  expect(kept.size).toBe(0);
  startWith(kept, at('http://a/'));
  startWith(kept, [], ['1']);
  expect(kept.size).toBe(0);
  startWith(kept, at('http://a/'));
  startWith(kept, []).replace([application({ endpoints: [] })]);
  expect(kept.size).toBe(0);
});
