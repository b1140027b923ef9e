import { described, flag, listOf, object, text, type Schema } from '../operations/schema.ts';
import { channelSchemas } from './schemas/channels.ts';
import { deliverySchemas } from './schemas/deliveries.ts';
import { serverSchemas } from './schemas/server.ts';
import { eventName, pauseHow, settingsSchemas } from './schemas/settings.ts';
import { truthSchemas } from './schemas/truth.ts';
import type { SchemaName } from './schemas/view-schema.ts';

export { ref } from './schemas/view-schema.ts';

/** The components of the admin API's document: one for each interface of views/. */
export const schemas = {
  ...serverSchemas,
  ...settingsSchemas,
  ...deliverySchemas,
  ...channelSchemas,
  ...truthSchemas,
} as const satisfies Record<SchemaName, Schema>;

/** The fields of an event to publish. */
export const publishedFields = {
  name: text,
  channels: listOf(text),
  data: described(text, 'The data, a string that clients receive unchanged.'),
  socket_id: described(text, 'The connection that does not receive it.'),
} as const satisfies Record<string, Schema>;

const publishedEvent = object(publishedFields, ['name', 'channels', 'data']);

/** The bodies of the operations. Fields that a schema does not list are refused. */
export const bodies = {
  app: schemas.AppInput,
  settings: schemas.AppSettings,
  key: object({
    key: described(text, 'Generated if it is absent.'),
    secret: described(text, 'Generated if it is absent.'),
  }),
  endpoint: schemas.EndpointInput,
  pause: object({ how: pauseHow }, ['how']),
  test: object({ event: described(eventName, 'The name of the example event.') }, ['event']),
  verify: object(
    {
      body: described(text, 'The body of the webhook, exactly as received.'),
      signature: described(text, 'Its X-Pusher-Signature.'),
      key: described(text, 'Its X-Pusher-Key. Without it, every key of the app is tried.'),
    },
    ['body', 'signature'],
  ),
  publish: object({ events: listOf(publishedEvent) }, ['events']),
  clientEvent: object(
    {
      socketId: described(text, 'The connection in whose name it is sent.'),
      channel: text,
      event: described(text, 'Its name, which begins with client-.'),
      data: described(text, 'Its data, a string.'),
    },
    ['socketId', 'channel', 'event', 'data'],
  ),
  recover: object(
    {
      endpoint: described(text, 'The id of the endpoint.'),
      since: {
        type: ['integer', 'string'],
        description:
          'Only deliveries that were dropped at this time or later: milliseconds since 1970, or ISO 8601.',
      },
      dry_run: described(flag, 'Send nothing, and only count what would be sent.'),
    },
    ['endpoint'],
  ),
} as const satisfies Record<string, Schema>;
