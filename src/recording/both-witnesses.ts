import type { Witness } from '../ports/witness.ts';

/** Passes each call to two witnesses, one after the other. */
export function bothWitnesses(first: Witness, second: Witness): Witness {
  return {
    keyUsed(appId, key) {
      first.keyUsed(appId, key);
      second.keyUsed(appId, key);
    },
    connected(connection, remoteAddress) {
      first.connected(connection, remoteAddress);
      second.connected(connection, remoteAddress);
    },
    disconnected(session, reason) {
      first.disconnected(session, reason);
      second.disconnected(session, reason);
    },
    signedIn(connection, userId) {
      first.signedIn(connection, userId);
      second.signedIn(connection, userId);
    },
    joined(connection, channel, userId) {
      first.joined(connection, channel, userId);
      second.joined(connection, channel, userId);
    },
    left(connection, subscription, how) {
      first.left(connection, subscription, how);
      second.left(connection, subscription, how);
    },
    published(appId, trigger, source) {
      first.published(appId, trigger, source);
      second.published(appId, trigger, source);
    },
    clientEvent(connection, event, userId) {
      first.clientEvent(connection, event, userId);
      second.clientEvent(connection, event, userId);
    },
    suppressed(appId, event, why) {
      first.suppressed(appId, event, why);
      second.suppressed(appId, event, why);
    },
    unwanted(appId, event) {
      first.unwanted(appId, event);
      second.unwanted(appId, event);
    },
  };
}
