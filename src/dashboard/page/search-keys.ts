/** The search keys of each list, with what they find. */
export const searchKeys = {
  deliveries: {
    'status:5xx': 'delivered, pending, dropped, moved, or the HTTP status of the response',
    'event:member_*': 'the type of an event',
    'channel:presence-*': 'the channel of an event',
    'user:42': 'the user of an event',
    'endpoint:main': 'the id of the endpoint',
    'result:timeout': 'success, refused, timeout, unreachable',
    'attempts:>3': 'how many attempts were made',
    'id:msg_*': 'the webhook-id',
    'since:10m': 'at most this long ago, or since a time; until: works the same way',
  },
  events: {
    'channel:presence-*': 'the channel; * matches any text',
    'event:member_*': 'the name of the webhook event',
    'user:42': 'the member',
    'status:suppressed': 'delivered, pending, dropped, filtered, suppressed, deduplicated or moved',
    'endpoint:backend': 'the endpoint',
    'id:17': 'the number of the event',
    'since:10m': 'in the last ten minutes',
  },
  console: {
    'channel:presence-*': 'the channel; * matches any text',
    'event:paid': 'the name of the event',
    'user:42': 'the user',
    'socket:123.456': 'the connection',
    'type:published': 'the type of the row',
    'status:5xx': 'the HTTP status of the response',
    'since:10m': 'in the last ten minutes',
    '-word': 'rows that do not match the word',
  },
} as const;
