import { isHttpError, type HttpError } from '../protocol/http-error.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import {
  json,
  refusal,
  type IncomingRequest,
  type OutgoingResponse,
  type RequestHead,
} from './http-message.ts';
import type { Handle, Route } from './http.ts';

type ApiAnswer = { readonly json: string; readonly status?: 202 } | HttpError;

/** Refuses a request by its head, or returns the function that handles it once its body has arrived. */
type ApiUse = (head: RequestHead) => HttpError | ((request: IncomingRequest) => MaybePromise<ApiAnswer>);

/** The use cases of the HTTP API, one for each route. */
export interface ApiUses {
  readonly events: ApiUse;
  readonly batchEvents: ApiUse;
  readonly channels: ApiUse;
  readonly channel: ApiUse;
  readonly users: ApiUse;
  readonly terminateConnections: ApiUse;
  readonly droppedWebhooks: ApiUse;
  readonly webhookState: ApiUse;
  readonly reconcile: ApiUse;
  readonly deliveries: ApiUse;
  readonly delivery: ApiUse;
  readonly resend: ApiUse;
  readonly recover: ApiUse;
  readonly recovery: ApiUse;
  readonly cancelRecovery: ApiUse;
}

/** What the program reports about itself. */
export interface SelfReport {
  /** False while the program shuts down. */
  isReady(): boolean;
  /** Whether clients are served without the state of other nodes, or no new ones are accepted. */
  isDegraded(): boolean;
  /** Some figures for people. */
  describe(): Record<string, unknown>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Reports that the process is alive, on every thread. */
const livez: Route = { method: 'get', pattern: '/livez', handle: () => json('{"status":"live"}') };

/** The routes that each thread serves itself: publishing and liveness. */
export function createOwnRoutes(api: Pick<ApiUses, 'events' | 'batchEvents'>): readonly Route[] {
  return [
    { method: 'post', pattern: '/apps/:app/events', begin: beginWith(api.events) },
    {
      method: 'post',
      pattern: '/apps/:app/batch_events',
      begin: beginWith(api.batchEvents),
    },
    livez,
  ];
}

/** The routes that answer questions about channels. */
export function createStateRoutes(api: Pick<ApiUses, 'channels' | 'channel' | 'users'>): readonly Route[] {
  return [
    { method: 'get', pattern: '/apps/:app/channels', begin: beginWith(api.channels) },
    {
      method: 'get',
      pattern: '/apps/:app/channels/:channel',
      begin: beginWith(api.channel),
    },
    {
      method: 'get',
      pattern: '/apps/:app/channels/:channel/users',
      begin: beginWith(api.users),
    },
  ];
}

/** All routes of the program. */
export function createRoutes(api: ApiUses, self: SelfReport): readonly Route[] {
  return [
    ...createOwnRoutes(api),
    ...createStateRoutes(api),
    {
      method: 'post',
      pattern: '/apps/:app/users/:user/terminate_connections',
      begin: beginWith(api.terminateConnections),
    },
    {
      method: 'get',
      pattern: '/apps/:app/webhooks/dropped',
      begin: beginWith(api.droppedWebhooks),
    },
    {
      method: 'get',
      pattern: '/apps/:app/webhooks/state',
      begin: beginWith(api.webhookState),
    },
    { method: 'post', pattern: '/apps/:app/webhooks/reconcile', begin: beginWith(api.reconcile) },
    { method: 'get', pattern: '/apps/:app/webhooks/deliveries', begin: beginWith(api.deliveries) },
    {
      method: 'get',
      pattern: '/apps/:app/webhooks/deliveries/:delivery',
      begin: beginWith(api.delivery),
    },
    {
      method: 'post',
      pattern: '/apps/:app/webhooks/deliveries/:delivery/resend',
      begin: beginWith(api.resend),
    },
    { method: 'post', pattern: '/apps/:app/webhooks/recover', begin: beginWith(api.recover) },
    {
      method: 'get',
      pattern: '/apps/:app/webhooks/recover/:recovery',
      begin: beginWith(api.recovery),
    },
    {
      method: 'delete',
      pattern: '/apps/:app/webhooks/recover/:recovery',
      begin: beginWith(api.cancelRecovery),
    },
    { method: 'get', pattern: '/healthz', handle: () => health(self) },
    {
      method: 'get',
      pattern: '/metrics',
      port: 'metrics',
      handle: async () => ({ status: 200, ...(await self.metrics()) }),
    },
  ];
}

function beginWith(use: ApiUse): (head: RequestHead) => OutgoingResponse | Handle {
  return (head) => {
    const answering = use(head);
    if (isHttpError(answering)) return refusal(answering);
    return (request) =>
      whenReady(answering(request), (settled) =>
        isHttpError(settled) ? refusal(settled) : json(settled.json, settled.status),
      );
  };
}

function health(self: SelfReport): OutgoingResponse {
  const isReady = self.isReady();
  const status = isReady ? (self.isDegraded() ? 'degraded' : 'ready') : 'draining';
  return json(JSON.stringify({ status, ...self.describe() }), isReady ? 200 : 503);
}
