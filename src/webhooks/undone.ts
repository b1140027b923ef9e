import type { WebhookEvent } from './event.ts';

/**
 * The events of one channel, in order, that a later one of them undoes, with those that undo them: a receiver that
 * gets neither comes to the same state. Members are undone one by one, but not beyond the moment when the channel
 * was occupied or vacated, and that only when nothing is left of its members between.
 */
export function findUndone<T>(places: Iterable<T>, eventOf: (place: T) => WebhookEvent): readonly T[] {
  const undone: T[] = [];
  /** By user, what was last told and is not undone, since the channel was last told of. */
  let members = new Map<string, T>();
  /** What was told before, one level for each time that the channel was told of. */
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
