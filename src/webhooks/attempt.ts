import type { WebhookRequest } from '../ports/webhook-sender.ts';
import type { Endpoint } from './endpoint.ts';
import type { QueuedEvent } from './lane.ts';
import { attemptHeaders, type AttemptNumber, type Payload } from './payload.ts';

/** One attempt to deliver events to an endpoint. It is the same object from start to end. */
export interface Attempt {
  readonly appId: string;
  readonly endpoint: Endpoint;
  /** Identifies the delivery. It is the same for all of its attempts. */
  readonly webhookId: string;
  /** 1 is the first. */
  readonly number: number;
  readonly request: WebhookRequest;
  readonly events: readonly QueuedEvent[];
}

/** The app that owns the endpoint. */
interface Owner {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

/** Creates an attempt, with the URL, the headers and the key that are configured now. */
export function createAttempt(
  app: Owner,
  endpoint: Endpoint,
  payload: Payload,
  which: AttemptNumber & { readonly events: readonly QueuedEvent[] },
): Attempt {
  return {
    appId: app.id,
    endpoint,
    webhookId: payload.id,
    number: which.attempt,
    request: createRequest(app, endpoint, payload, which),
    events: which.events,
  };
}

/** Creates only the request of an attempt. */
export function createRequest(
  app: Owner,
  endpoint: Endpoint,
  payload: Payload,
  which: AttemptNumber,
): WebhookRequest {
  const { id: endpointId, url, publicOnly = false } = endpoint;
  const headers = attemptHeaders(app, endpoint, payload, which);
  return { appId: app.id, endpointId, url, headers, body: payload.body, publicOnly };
}
