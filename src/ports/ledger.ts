import type { Attendance } from './attendance.ts';
import type { ChannelCaches } from './channel-caches.ts';
import type { ChannelQueries } from './channel-queries.ts';
import type { OnlineUsers } from './online-users.ts';
import type { TriggerAdmission } from './trigger-admission.ts';

/**
 * What is true of a whole app, over all nodes: which channels are occupied, who is a member, what lingers,
 * what is cached, who is signed in. Whoever makes a server holds all of it. Every other part names only
 * the subjects that it needs.
 *
 * Each step is atomic. It changes the state, appends the facts that it caused to the outbox, each fact
 * once, and sends the notices; the answer carries only what the caller must say to its own client. Steps of
 * one node that concern one channel, or one user, take effect in the order of the calls. Join and leave are
 * idempotent. A promise never rejects, and none is pending for long. A ledger that cannot reach its store serves
 * clients from what it has. Backends ask what is true (`channel`, `occupiedChannels`): to them it says `unavailable`
 * unless it knows what all nodes hold.
 *
 * An answer that comes later is true of the moment when it comes: it includes every notice that was sent
 * before, and none that is sent after. Whoever uses it in that same turn misses nothing.
 */
export interface Ledger extends Attendance, ChannelCaches, ChannelQueries, OnlineUsers, TriggerAdmission {}
