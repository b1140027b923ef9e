import { fieldOf, itemsOf, type JsonObject } from '../../config/json.ts';
import { isObject, kindOf } from '../../protocol/json-value.ts';
import { limitTable, type LimitName } from '../../protocol/limits.ts';
import { eventNames } from '../../webhooks/event.ts';
import { bytesOf, firstOf, flagOf, isOn, limitOf, numberOf, objectsOf, textOf, type Note } from './values.ts';

/** The default app of soketi. */
const defaultApp = { id: 'app-id', key: 'app-key', secret: 'app-secret' };

/** The names that soketi accepts for each field of an app, in files and in databases. */
const names = {
  id: ['id', 'AppId'],
  key: ['key', 'AppKey'],
  secret: ['secret', 'AppSecret'],
  enabled: ['enabled', 'Enabled'],
  clientMessages: ['enableClientMessages', 'EnableClientMessages', 'enable_client_messages'],
  connections: ['maxConnections', 'MaxConnections', 'max_connections'],
  backendEvents: ['maxBackendEventsPerSecond', 'MaxBackendEventsPerSecond', 'max_backend_events_per_sec'],
  clientEvents: ['maxClientEventsPerSecond', 'MaxClientEventsPerSecond', 'max_client_events_per_sec'],
  reads: ['maxReadRequestsPerSecond', 'MaxReadRequestsPerSecond', 'max_read_req_per_sec'],
  webhooks: ['webhooks', 'Webhooks'],
  members: [
    'maxPresenceMembersPerChannel',
    'MaxPresenceMembersPerChannel',
    'max_presence_members_per_channel',
  ],
  memberSize: ['maxPresenceMemberSizeInKb', 'MaxPresenceMemberSizeInKb', 'max_presence_member_size_in_kb'],
  channelName: ['maxChannelNameLength', 'MaxChannelNameLength', 'max_channel_name_length'],
  channels: ['maxEventChannelsAtOnce', 'MaxEventChannelsAtOnce', 'max_event_channels_at_once'],
  eventName: ['maxEventNameLength', 'MaxEventNameLength', 'max_event_name_length'],
  payload: ['maxEventPayloadInKb', 'MaxEventPayloadInKb', 'max_event_payload_in_kb'],
  batch: ['maxEventBatchSize', 'MaxEventBatchSize', 'max_event_batch_size'],
  authentication: ['enableUserAuthentication', 'EnableUserAuthentication', 'enable_user_authentication'],
} as const;

/** Converts the apps of soketi. */
export function convertApps(list: unknown, note: Note): readonly JsonObject[] {
  const apps = objectsOf(list);
  return (apps.length === 0 ? [defaultApp] : apps).map((app, index) =>
    convertApp(app, `apps[${index}]`, note),
  );
}

function convertApp(app: JsonObject, place: string, note: Note): JsonObject {
  const field = (name: keyof typeof names): unknown => firstOf(app, names[name]);
  const known: readonly string[] = Object.values(names).flat();
  for (const key of Object.keys(app)) {
    if (!known.includes(key)) note(`${place}.${key}: soketi 1.6 has no such app field`);
  }
  if (numberOf(field('reads')) !== undefined && limitOf(field('reads')) !== null) {
    note(`${place}.maxReadRequestsPerSecond: this server does not limit read requests`);
  }
  if (isOn(`${place}.enableUserAuthentication`, field('authentication'), note)) {
    note(`${place}.enableUserAuthentication: sign-in is always available and never required`);
  }
  const webhooks = objectsOf(field('webhooks')).flatMap((webhook, index) =>
    convertWebhook(webhook, `${place}.webhooks[${index}]`, note),
  );
  const limits = limitsThatDiffer({
    connections: limitOf(field('connections')) ?? null,
    triggersPerSecond: limitOf(field('backendEvents')) ?? null,
    clientEventsPerSecond: limitOf(field('clientEvents')) ?? null,
  });
  const own = withoutAbsent({
    presenceMembers: numberOf(field('members')),
    userInfoBytes: bytesOf(field('memberSize')),
    channelNameLength: numberOf(field('channelName')),
    channelsPerTrigger: numberOf(field('channels')),
    eventNameLength: numberOf(field('eventName')),
    eventDataBytes: bytesOf(field('payload')),
    eventsPerBatch: numberOf(field('batch')),
  });
  const allLimits = { ...limits, ...own };
  return {
    id: textOf(field('id')) ?? defaultApp.id,
    key: textOf(field('key')) ?? defaultApp.key,
    secret: textOf(field('secret')) ?? defaultApp.secret,
    ...((flagOf(field('enabled')) ?? true) !== true && { enabled: flagOf(field('enabled')) }),
    ...(flagOf(field('clientMessages')) !== true && {
      clientEvents: flagOf(field('clientMessages')) ?? false,
    }),
    ...(Object.keys(allLimits).length > 0 && { limits: allLimits }),
    ...(webhooks.length > 0 && { webhooks }),
  };
}

function convertWebhook(webhook: JsonObject, place: string, note: Note): readonly JsonObject[] {
  const { url, headers, event_types: types, filter, lambda_function: lambda, ...rest } = webhook;
  for (const key of Object.keys(rest)) {
    if (key !== 'lambda') note(`${place}.${key}: soketi 1.6 has no such webhook field`);
  }
  if (lambda !== undefined) {
    note(`${place}.lambda_function: webhooks are sent by HTTP only; give the function a URL`);
  }
  if (typeof url !== 'string') return [];
  if (types !== undefined && !Array.isArray(types)) {
    note(`${place}.event_types: expected an array, got ${kindOf(types)}; the webhook was left out`);
    return [];
  }
  const eventTypes = itemsOf(types).map(String);
  const known = eventNames.filter((name) => eventTypes.includes(name));
  for (const type of eventTypes) {
    if (!eventNames.some((name) => name === type))
      note(`${place}.event_types: this server has no webhook event ${type}`);
  }
  if (known.length === 0) {
    note(`${place}: the webhook has no event_types, so soketi sends it nothing, and it was left out`);
    return [];
  }
  const channels = withoutAbsent({
    startsWith: textOf(fieldOf(filter, 'channel_name_starts_with')),
    endsWith: textOf(fieldOf(filter, 'channel_name_ends_with')),
  });
  return [
    {
      url,
      eventTypes: known,
      ...(Object.keys(channels).length > 0 && { channels }),
      ...(isObject(headers) && Object.keys(headers).length > 0 && { headers }),
    },
  ];
}

/** The limits that differ from the defaults of this program. */
export function limitsThatDiffer(limits: Partial<Record<LimitName, unknown>>): JsonObject {
  const defaults: Readonly<Record<string, { readonly default: number | null }>> = limitTable;
  return Object.fromEntries(
    Object.entries(limits).filter(([name, value]) => defaults[name]?.default !== value),
  );
}

/** An object without its undefined fields. */
export function withoutAbsent(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
