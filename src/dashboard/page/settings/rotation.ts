/** How a key is changed while clients and backends go on. */
export const rotation = {
  steps: [
    'Add a pair. Clients and backends are accepted with either.',
    'Move clients and backends to it, and have the receivers of webhooks accept both secrets. Then make it first: webhooks are signed with it from then on.',
    'Remove the old pair when its last use is long ago. Uses count since this process started, on this node.',
  ],
  inFile:
    'The keys of this app are set by the configuration file: its first pair is key and secret, the others are otherKeys.',
} as const;
