/** How to change a key while clients and backends keep working. */
export const rotation = {
  steps: [
    'Add a pair. Clients and backends may use either pair.',
    'Move clients and backends to the new pair, and let the receivers of webhooks accept both secrets. Then make the new pair first, so that webhooks are signed with it.',
    'Remove the old pair when it has not been used for a long time. Uses are counted on this node since the process started.',
  ],
  inFile:
    'The keys of this app are set in the configuration file. The first pair is key and secret, the others are otherKeys.',
} as const;
