/** The body of a request that injects a fault. Its fields are typed in `control`, which a browser cannot import. */
export type FaultBody = Readonly<Record<string, unknown>>;

/** What may happen to a request to an endpoint. */
export type WebhookEffect = 'status' | 'reset' | 'refuse' | 'timeout' | 'delay' | 'duplicate';

/** The fields of a form, as typed. Empty ones are not sent. */
export interface WebhookFaultForm {
  readonly effect: WebhookEffect;
  readonly endpoint: string;
  readonly times: string;
  readonly status: string;
  readonly retryAfterMs: string;
  readonly delayMs: string;
  readonly delivered: boolean;
}

/** Which connections a fault affects. */
export type ConnectionTarget = 'all' | 'channel' | 'userId' | 'socketId';

export interface ConnectionFaultForm {
  readonly action: 'drop' | 'refuse';
  readonly target: ConnectionTarget;
  readonly value: string;
  readonly code: string;
  readonly times: string;
}

export interface ApiFaultForm {
  readonly status: string;
  readonly path: string;
  readonly body: string;
  readonly times: string;
}

/** The body of the request that injects a fault. An invalid number is sent too, because the server explains what it accepts. */
export function webhookFault(form: WebhookFaultForm): FaultBody {
  const { effect, endpoint, times, retryAfterMs, delayMs, delivered } = form;
  return {
    ...(endpoint !== '' && { endpoint }),
    ...number('times', times),
    ...number('delayMs', delayMs),
    ...(effect === 'status' && { ...number('status', form.status), ...number('retryAfterMs', retryAfterMs) }),
    ...(effect !== 'status' && effect !== 'delay' && { [effect]: true }),
    ...(delivered && mayBeDelivered(effect) && { delivered }),
  };
}

/** Whether the endpoint can receive the request although its response is lost. */
export function mayBeDelivered(effect: WebhookEffect): boolean {
  return effect === 'status' || effect === 'reset' || effect === 'timeout';
}

/** The body for a fault of connections. */
export function connectionFault(form: ConnectionFaultForm): FaultBody {
  const { action, target, value, code, times } = form;
  if (action === 'refuse') return { ...number('refuse', code), ...number('times', times) };
  return { drop: dropOf(target, value), ...number('code', code) };
}

/** The body for a fault of the HTTP API. */
export function apiFault({ status, path, body, times }: ApiFaultForm): FaultBody {
  return {
    ...number('status', status),
    ...(path !== '' && { path }),
    ...(body !== '' && { body }),
    ...number('times', times),
  };
}

/** Describes an active fault in a few words. */
export function describeFault(spec: FaultBody): string {
  return Object.entries(spec)
    .filter(([key]) => key !== 'times')
    .map(([key, value]) =>
      value === true ? key : `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join(', ');
}

function dropOf(target: ConnectionTarget, value: string): 'all' | FaultBody {
  switch (target) {
    case 'all':
      return 'all';
    case 'channel':
      return { channel: value };
    case 'userId':
      return { userId: value };
    case 'socketId':
      return { socketId: value };
  }
}

function number(key: string, typed: string): FaultBody {
  const text = typed.trim();
  return text === '' ? {} : { [key]: Number(text) };
}
