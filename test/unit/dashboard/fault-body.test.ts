import { describe, expect, it } from 'vitest';
import {
  checkApiFault,
  checkConnectionFault,
  checkWebhookFault,
} from '../../../src/emulator/faults/check-fault.ts';
import {
  apiFault,
  connectionFault,
  describeFault,
  webhookFault,
  type ConnectionFaultForm,
  type WebhookEffect,
  type WebhookFaultForm,
} from '../../../src/dashboard/page/control/fault-body.ts';

const webhook: WebhookFaultForm = {
  effect: 'status',
  endpoint: '',
  times: '',
  status: '503',
  retryAfterMs: '',
  delayMs: '',
  delivered: false,
};

const connection: ConnectionFaultForm = { action: 'drop', target: 'all', value: '', code: '', times: '' };

describe('The body of a fault', () => {
  it.each<WebhookEffect>(['status', 'reset', 'refuse', 'timeout', 'delay', 'duplicate'])(
    'is accepted by the server: %s',
    (effect) => {
      const body = webhookFault({ ...webhook, effect, delayMs: '100', times: '3', delivered: true });
      expect(checkWebhookFault(body)).toEqual(body);
    },
  );

  it('has no field that does not belong to the chosen effect', () => {
    expect(webhookFault({ ...webhook, effect: 'reset', endpoint: 'backend' })).toEqual({
      endpoint: 'backend',
      reset: true,
    });
    expect(webhookFault({ ...webhook, effect: 'duplicate', delivered: true })).toEqual({ duplicate: true });
  });

  it.each([
    [connection, { drop: 'all' }],
    [
      { ...connection, target: 'channel' as const, value: 'orders', code: '4200' },
      { drop: { channel: 'orders' }, code: 4200 },
    ],
    [
      { ...connection, action: 'refuse' as const, code: '4100', times: '2' },
      { refuse: 4100, times: 2 },
    ],
  ])('drops or refuses connections', (form, body) => {
    expect(connectionFault(form)).toEqual(body);
    expect(checkConnectionFault(connectionFault(form))).toEqual(body);
  });

  it('makes the HTTP API return an error', () => {
    const body = apiFault({ status: '500', path: '/events', body: '', times: '' });
    expect(body).toEqual({ status: 500, path: '/events' });
    expect(checkApiFault(body)).toEqual(body);
  });

  it('lets the server refuse a value that is not a number', () => {
    expect(() => checkApiFault(apiFault({ status: 'many', path: '', body: '', times: '' }))).toThrow(
      /status: expected an HTTP status from 400 to 599/,
    );
  });

  it('is described in a few words', () => {
    expect(describeFault({ status: 503, reset: true, times: 3, drop: { channel: 'x' } })).toBe(
      'status 503, reset, drop {"channel":"x"}',
    );
  });
});
