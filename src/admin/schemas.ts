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

/** What an event that is published consists of. */
export const publishedFields = {
  name: text,
  channels: listOf(text),
  data: described(text, 'The data as clients get it, a string.'),
  socket_id: described(text, 'The connection that shall not receive it.'),
} as const satisfies Record<string, Schema>;

const publishedEvent = object(publishedFields, ['name', 'channels', 'data']);

/** What the operations take. Each lists the fields that are accepted, by which others are refused. */
export const bodies = {
  app: schemas.AppInput,
  settings: schemas.AppSettings,
  key: object({
    key: described(text, 'Made up if it is absent.'),
    secret: described(text, 'Made up if it is absent.'),
  }),
  endpoint: schemas.EndpointInput,
  pause: object({ how: pauseHow }, ['how']),
  test: object({ event: described(eventName, 'The event whose example is sent.') }, ['event']),
  verify: object(
    {
      body: described(text, 'The body of the request, to the byte.'),
      signature: described(text, 'Its X-Pusher-Signature.'),
      key: described(text, 'Its X-Pusher-Key, if it is known.'),
    },
    ['body', 'signature'],
  ),
  publish: object({ events: listOf(publishedEvent) }, ['events']),
  clientEvent: object(
    {
      socketId: described(text, 'The connection that is to have sent it.'),
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
        description: 'Only what was given up then or later: milliseconds since 1970, or ISO 8601.',
      },
      dry_run: described(flag, 'Send nothing, and say how much it would be.'),
    },
    ['endpoint'],
  ),
} as const satisfies Record<string, Schema>;
