import { callApi } from './api.ts';
import type { Client } from './client.ts';
import type { Disturbances } from './disturbances.ts';
import type { NodeProcess } from './node-process.ts';
import type { Receiver } from './receiver.ts';
import { replay } from './replay.ts';
import { isPresence } from './settings.ts';
import { memberKey, type Belief, type Truth } from './truth.ts';

/** Somebody believes what is not so. */
export interface Divergence {
  /** Who believes it. */
  readonly where: string;
  /** A channel, or `CHANNEL USER`. */
  readonly subject: string;
  readonly believed: string;
  readonly truth: string;
}

/** What replaying an endpoint's webhooks has shown. */
export interface ReplayFindings {
  readonly divergences: readonly Divergence[];
  /** Contradictions where the order was best effort. */
  readonly reordered: number;
  /** Departures that were lost together with all data. */
  readonly excused: number;
}

/** Replays what an endpoint received, both all that it saw and what it took, and compares it with the truth. */
export function checkReplay(receiver: Receiver, truth: Truth, disturbances: Disturbances): ReplayFindings {
  const divergences: Divergence[] = [];
  let reordered = 0;
  let excused = 0;
  for (const how of ['taken', 'seen'] as const) {
    const where = `endpoint ${receiver.id} (what it has ${how})`;
    const replayed = replay(receiver[how]);
    for (const { event, what } of replayed.contradictions) {
      if (disturbances.mayReorder(receiver.id, event.atMs)) {
        reordered += 1;
        continue;
      }
      const subject = event.user_id === undefined ? event.channel : memberKey(event.channel, event.user_id);
      const believed = `${what} (${event.name} from ${event.node}, ${event.delivery})`;
      divergences.push({ where, subject, believed, truth: 'events of one channel come in order' });
    }
    const { lostUntil } = disturbances;
    for (const found of compare(where, replayed, truth.belief(receiver.startsWith))) {
      const isExcused = found.believed === present && truth.lastLeftAt(found.subject) < lostUntil;
      if (isExcused) excused += 1;
      else divergences.push(found);
    }
  }
  return { divergences, reordered, excused };
}

/** What a node says over HTTP of all channels and their users, compared with the truth. */
export async function checkHttp(node: NodeProcess, truth: Truth): Promise<Divergence[]> {
  const where = `GET on ${node.name}`;
  const { channels } = (await callApi(node, '/channels')) as { channels: Record<string, object> };
  const occupied = new Set(Object.keys(channels));
  const members = new Set<string>();
  const known = truth.belief();
  for (const channel of new Set([...occupied, ...known.occupied])) {
    if (!isPresence(channel)) continue;
    const { users } = (await callApi(node, `/channels/${channel}/users`)) as { users: { id: string }[] };
    for (const { id } of users) members.add(memberKey(channel, id));
  }
  return compare(where, { occupied, members }, known);
}

/** What a client was told of the members of its presence channels, compared with the truth. */
export function checkView(client: Client, truth: Truth): Divergence[] {
  const members = new Set<string>();
  const known = new Set<string>();
  for (const [channel, view] of client.held) {
    if (!isPresence(channel)) continue;
    for (const userId of view) members.add(memberKey(channel, userId));
    for (const userId of truth.usersOf(channel)) known.add(memberKey(channel, userId));
  }
  const none = new Set<string>();
  const where = `what ${client.name} on ${client.node} was told`;
  return compare(where, { occupied: none, members }, { occupied: none, members: known });
}

/** What the node gave up of the events that tell the state. */
export async function checkDrops(node: NodeProcess): Promise<Divergence[]> {
  const { dropped } = (await callApi(node, '/webhooks/dropped')) as {
    dropped: { endpoint: string; channel: string; name: string; reason: string }[];
  };
  return dropped
    .filter(({ name }) => name !== 'client_event' && name !== 'cache_miss')
    .map(({ endpoint, channel, name, reason }) => ({
      where: `drops of ${node.name}`,
      subject: channel,
      believed: `${name} was given up for ${endpoint}: ${reason}`,
      truth: 'no endpoint was away for so long',
    }));
}

const present = 'present';
const absent = 'absent';

/** Every difference of what is believed from what is true. */
function compare(where: string, believed: Belief, truth: Belief): Divergence[] {
  const divergences: Divergence[] = [];
  for (const kind of ['occupied', 'members'] as const) {
    for (const subject of believed[kind]) {
      if (!truth[kind].has(subject)) {
        divergences.push({ where, subject, believed: present, truth: absent });
      }
    }
    for (const subject of truth[kind]) {
      if (!believed[kind].has(subject)) {
        divergences.push({ where, subject, believed: absent, truth: present });
      }
    }
  }
  return divergences;
}
