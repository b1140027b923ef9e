import type { Divergence, Drop } from '../checks.ts';
import type { Receiver } from '../receiver.ts';
import type { ReceivedEvent } from '../replay.ts';

/** How many events of two histories are shown from where they differ. */
const shown = 3;

/**
 * Compares the histories of endpoints. All endpoints must have accepted the same events of each channel in
 * the same order, because a fact is written for all of them at once. A cache miss is an exception: a restart
 * may cancel it after some endpoints received it.
 */
export function checkSameHistory(
  [first, ...others]: readonly Receiver[],
  drops: readonly Drop[],
): Divergence[] {
  if (first === undefined) return [];
  return others.flatMap((other) => {
    const theirs = historiesOf(other);
    return [...historiesOf(first)]
      .filter(([channel]) => channel.startsWith(other.startsWith))
      .filter(([channel]) => !drops.some((drop) => drop.channel === channel))
      .flatMap(([channel, history]) =>
        compare(channel, [first.id, history], [other.id, theirs.get(channel) ?? []]),
      );
  });
}

function historiesOf(receiver: Receiver): Map<string, string[]> {
  const histories = new Map<string, string[]>();
  for (const event of receiver.accepted) {
    if (event.name === 'cache_miss') continue;
    const history = histories.get(event.channel) ?? [];
    histories.set(event.channel, history);
    history.push(describe(event));
  }
  return histories;
}

type History = readonly [endpoint: string, events: readonly string[]];

function compare(channel: string, [id, events]: History, [otherId, otherEvents]: History): Divergence[] {
  const length = Math.max(events.length, otherEvents.length);
  for (let at = 0; at < length; at += 1) {
    if (events[at] === otherEvents[at]) continue;
    const part = (of: readonly string[]): string => of.slice(at, at + shown).join(', ') || 'nothing';
    return [
      {
        where: `endpoint ${otherId}`,
        subject: channel,
        believed: `after ${at} events ${part(otherEvents)}`,
        truth: `endpoint ${id} accepted ${part(events)}`,
      },
    ];
  }
  return [];
}

function describe({ name, user_id: userId, data }: ReceivedEvent): string {
  return [name, userId, data].filter((part) => part !== undefined).join(' ');
}
