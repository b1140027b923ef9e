import type { Api } from '../../../src/http-api/api.ts';
import type { ApiAnswering, ApiRequest } from '../../../src/http-api/api-route.ts';
import { isHttpError } from '../../../src/protocol/http-error.ts';

type Uses = Pick<Api, { [Name in keyof Api]: Api[Name] extends Api['events'] ? Name : never }[keyof Api]>;

/** The same API for complete requests: both steps in one call. */
export function whole(api: Api): { readonly [Name in keyof Uses]: ApiAnswering } {
  const both =
    (use: Api['events']): ApiAnswering =>
    (request: ApiRequest) => {
      const answering = use(request);
      return isHttpError(answering) ? answering : answering(request);
    };
  return {
    events: both(api.events),
    batchEvents: both(api.batchEvents),
    channels: both(api.channels),
    channel: both(api.channel),
    users: both(api.users),
    terminateConnections: both(api.terminateConnections),
    droppedWebhooks: both(api.droppedWebhooks),
    webhookState: both(api.webhookState),
    reconcile: both(api.reconcile),
    deliveries: both(api.deliveries),
    delivery: both(api.delivery),
    resend: both(api.resend),
    recover: both(api.recover),
    recovery: both(api.recovery),
    cancelRecovery: both(api.cancelRecovery),
  };
}
