/** Keys of the search that help in the console. */
export const searchKeys = {
  'channel:presence-*': 'of a channel; * stands for anything',
  'event:paid': 'the name of an event',
  'user:42': 'of a user',
  'socket:123.456': 'of a connection',
  'type:published': 'of a type',
  'status:5xx': 'answered so',
  'since:10m': 'in the last ten minutes',
  '-word': 'all that does not match',
} as const;
