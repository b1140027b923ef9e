/** The body of a request that injects a fault. What it may hold is said by the types of `control`, which a browser cannot import. */
export type FaultBody = Readonly<Record<string, unknown>>;

/** What may happen to a request to an endpoint. */
export type WebhookEffect = 'status' | 'reset' | 'refuse' | 'timeout' | 'delay' | 'duplicate';

/** A form's fields, as they were typed. What is empty is not given. */
export interface WebhookFaultForm {
  readonly effect: WebhookEffect;
  readonly endpoint: string;
  readonly times: string;
  readonly status: string;
  readonly retryAfterMs: string;
  readonly delayMs: string;
  readonly delivered: boolean;
}

/** Which connections a fault is about. */
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

/** The body of the request that injects a fault. A number that is none is sent as it was typed: the server says what is accepted. */
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

/** Whether the endpoint can get the request although its answer is lost. */
export function mayBeDelivered(effect: WebhookEffect): boolean {
  return effect === 'status' || effect === 'reset' || effect === 'timeout';
}

/** The same for connections. */
export function connectionFault(form: ConnectionFaultForm): FaultBody {
  const { action, target, value, code, times } = form;
  if (action === 'refuse') return { ...number('refuse', code), ...number('times', times) };
  return { drop: dropOf(target, value), ...number('code', code) };
}

/** The same for the HTTP API. */
export function apiFault({ status, path, body, times }: ApiFaultForm): FaultBody {
  return {
    ...number('status', status),
    ...(path !== '' && { path }),
    ...(body !== '' && { body }),
    ...number('times', times),
  };
}

/** A fault in force in a few words. */
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
