import type { Attendance } from './attendance.ts';
import type { ChannelCaches } from './channel-caches.ts';
import type { ChannelQueries } from './channel-queries.ts';
import type { OnlineUsers } from './online-users.ts';
import type { TriggerAdmission } from './trigger-admission.ts';

/**
 * The state of a whole app, over all nodes: which channels are occupied, who is a member, what lingers, what is cached, who is
 * signed in. Only the composition of a server uses all of it. Every other part names only the subjects that it needs.
 *
 * Each step is atomic. It changes the state, appends the resulting facts to the outbox, each fact once, and sends the notices.
 * The answer contains only what the caller must send to its own client. Steps of one node that concern one channel, or one
 * user, take effect in the order of the calls. Join and leave are idempotent. A promise never rejects, and none stays pending
 * for long. A ledger that cannot reach its store serves clients from what it has. To backends, which ask for the state
 * (`channel`, `occupiedChannels`), it answers `unavailable` unless it knows the state of all nodes.
 *
 * An answer that comes later is true at that time: it includes every notice that was sent before, and none that is sent
 * after. A caller that uses it in the same turn misses nothing.
 */
export interface Ledger extends Attendance, ChannelCaches, ChannelQueries, OnlineUsers, TriggerAdmission {}
