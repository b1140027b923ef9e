import { expect, test } from 'vitest';
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
