import type { WebhookEvent } from './event.ts';

/**
 * The events of one channel, given in order, that cancel each other out: a receiver that gets neither of a pair reaches the
 * same state. Member events cancel out one by one, but only between two events of the channel itself. Those cancel out only
 * when no member event is left between them.
 */
export function findUndone<T>(places: Iterable<T>, eventOf: (place: T) => WebhookEvent): readonly T[] {
  const undone: T[] = [];
  /** By user: the last event that is not cancelled, since the last event of the channel itself. */
  let members = new Map<string, T>();
  /** Earlier events, one level for each event of the channel itself. */
  const before: { readonly channel: T; readonly members: typeof members }[] = [];
  for (const place of places) {
    const event = eventOf(place);
    if (event.name === 'member_added' || event.name === 'member_removed') {
      const earlier = members.get(event.userId);
      if (earlier !== undefined && eventOf(earlier).name !== event.name) {
        undone.push(earlier, place);
        members.delete(event.userId);
      } else members.set(event.userId, place);
    } else if (event.name === 'channel_occupied' || event.name === 'channel_vacated') {
      const last = before.at(-1);
      if (last !== undefined && members.size === 0 && eventOf(last.channel).name !== event.name) {
        undone.push(last.channel, place);
        members = last.members;
        before.pop();
      } else {
        before.push({ channel: place, members });
        members = new Map();
      }
    }
  }
  return undone;
}
