/** Keys of the search that help in each list, with what they find. */
export const searchKeys = {
  deliveries: {
    'status:5xx': 'delivered, pending, dropped, or the status of the answer',
    'event:member_*': 'the type of an event',
    'channel:presence-*': 'the channel of an event',
    'user:42': 'the user of an event',
    'endpoint:main': 'the id of the endpoint',
    'result:timeout': 'success, refused, timeout, unreachable',
    'attempts:>3': 'how many attempts were made',
    'id:msg_*': 'the webhook-id',
    'since:10m': 'how long ago at most, or a time; until likewise',
  },
  events: {
    'channel:presence-*': 'of a channel; * stands for anything',
    'event:member_*': 'the name of a webhook event',
    'user:42': 'of a member',
    'status:suppressed': 'delivered, pending, dropped, filtered, suppressed or deduplicated',
    'endpoint:backend': 'that concern an endpoint',
    'id:17': 'one event',
    'since:10m': 'in the last ten minutes',
  },
  console: {
    'channel:presence-*': 'of a channel; * stands for anything',
    'event:paid': 'the name of an event',
    'user:42': 'of a user',
    'socket:123.456': 'of a connection',
    'type:published': 'of a type',
    'status:5xx': 'answered so',
    'since:10m': 'in the last ten minutes',
    '-word': 'all that does not match',
  },
} as const;
