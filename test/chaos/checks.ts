import { memberKey } from '../support/webhook-state.ts';
import { callApi } from './api.ts';
import type { Client } from './client.ts';
import type { Disturbances } from './disturbances.ts';
import type { Journal } from './journal.ts';
import type { NodeProcess } from './node-process.ts';
import type { Receiver } from './receiver.ts';
import { replay, type Contradiction, type ReceivedEvent } from './replay.ts';
import { isPresence } from './settings.ts';
import type { Belief, Truth } from './truth.ts';

/** A belief that differs from the truth. */
export interface Divergence {
  /** Whose belief it is. */
  readonly where: string;
  /** A channel, or `CHANNEL USER`. */
  readonly subject: string;
  readonly believed: string;
  readonly truth: string;
  /** For an event that contradicts earlier ones: the earlier event. */
  readonly evidence?: readonly string[];
}

/** What shows the truth. */
export interface Known {
  readonly truth: Truth;
  readonly disturbances: Disturbances;
  readonly journal: Journal;
  /** Whether endpoints lose events, and are then sent what corrects their state. Default: false. */
  readonly isCorrected?: boolean;
}

/** The result of replaying an endpoint's webhooks. */
interface ReplayFindings {
  readonly divergences: Divergence[];
  /** Contradictions where the order was best effort. */
  reordered: number;
  /** Departures that were lost together with all data. */
  lost: number;
}

/**
 * Replays what an endpoint accepted and, unless it is corrected, all that it received, and compares both results with the truth. A
 * divergence that occurs in both is reported once.
 */
export function checkReplay(
  receiver: Receiver,
  { truth, disturbances, journal, isCorrected = false }: Known,
): ReplayFindings {
  const findings: ReplayFindings = { divergences: [], reordered: 0, lost: 0 };
  const known = truth.belief(receiver.startsWith);
  // Events that were received but not accepted count as lost, so only the accepted ones are corrected.
  for (const how of isCorrected ? (['accepted'] as const) : (['accepted', 'received'] as const)) {
    const where = `endpoint ${receiver.id}${how === 'received' ? ', including what it rejected' : ''}`;
    const replayed = replay(receiver[how]);
    const report = (found: Divergence) => {
      const isKnown = findings.divergences.some(
        ({ subject, believed }) => subject === found.subject && believed === found.believed,
      );
      if (!isKnown) findings.divergences.push(found);
    };
    for (const contradiction of replayed.contradictions) {
      // Later events of a channel may arrive before the correction.
      if (isCorrected || disturbances.mayReorder(receiver.id, contradiction.event.atMs))
        findings.reordered += 1;
      // The event that resolved the contradiction was lost together with all data.
      else if (contradiction.earlierAtMs < disturbances.lostUntil) findings.lost += 1;
      else report({ where, ...describeContradiction(contradiction, receiver[how], journal) });
    }
    for (const found of compare(where, replayed, known)) {
      // Departures before this moment may have been known to Redis only.
      const isLost =
        found.believed === present &&
        disturbances.losses.some((loss) => truth.wasAbsent(found.subject, loss));
      if (isLost) findings.lost += 1;
      else report(found);
    }
  }
  return findings;
}

function describeContradiction(
  { event, what }: Contradiction,
  received: readonly ReceivedEvent[],
  journal: Journal,
): Omit<Divergence, 'where'> {
  const describe = ({ name, user_id: user = '', node, delivery, atMs }: ReceivedEvent) =>
    `${journal.stamp(atMs)} ${name} ${user} from ${node}, ${delivery}`;
  const { channel, user_id: userId } = event;
  const ofChannel = received.filter((one) => one.channel === channel && one.name !== 'client_event');
  const place = ofChannel.indexOf(event);
  return {
    subject: userId === undefined ? channel : memberKey(channel, userId),
    believed: what,
    truth: 'the events of a channel arrive in order',
    evidence: ofChannel.slice(Math.max(0, place - 6), place + 1).map(describe),
  };
}

/** Compares what a node's HTTP API reports about all channels and users with the truth. */
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

/** Compares the members that a client was notified of with the truth. */
export function checkView(client: Client, truth: Truth): Divergence[] {
  const members = new Set<string>();
  const known = new Set<string>();
  for (const [channel, view] of client.held) {
    if (!isPresence(channel)) continue;
    for (const userId of view) members.add(memberKey(channel, userId));
    for (const userId of truth.usersOf(channel)) known.add(memberKey(channel, userId));
  }
  const none = new Set<string>();
  const where = `members known to ${client.name} on ${client.node}`;
  return compare(where, { occupied: none, members }, { occupied: none, members: known });
}

/** An event that the node dropped for an endpoint. */
export interface Drop {
  readonly endpoint: string;
  readonly channel: string;
  readonly name: string;
  readonly reason: string;
}

/** The events that the node reports as dropped. */
export async function readDrops(node: NodeProcess): Promise<readonly Drop[]> {
  const { dropped } = (await callApi(node, '/webhooks/dropped')) as { dropped: readonly Drop[] };
  return dropped;
}

/** Reports every dropped event that carries state. */
export async function checkDrops(node: NodeProcess): Promise<Divergence[]> {
  return (await readDrops(node))
    .filter(({ name }) => name !== 'client_event' && name !== 'cache_miss')
    .map(({ endpoint, channel, name, reason }) => ({
      where: `drops of ${node.name}`,
      subject: channel,
      believed: `${name} was dropped for ${endpoint}: ${reason}`,
      truth: 'no endpoint was away long enough',
    }));
}

const present = 'present';
const absent = 'absent';

/** Every difference between beliefs and the truth. */
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
