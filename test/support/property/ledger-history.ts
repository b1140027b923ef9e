import assert from 'node:assert/strict';
import type { Happening } from './ledger-driver.ts';

/**
 * What happened, by app and channel, in order within a channel. The order of members that left at the same
 * moment, and of different channels, is not defined.
 */
export function historyByChannel(happenings: readonly Happening[]): Record<string, string[]> {
  const channels = new Map<string, Happening[]>();
  for (const happening of happenings) {
    const key = `${happening.appId}/${happening.channel}`;
    channels.set(key, [...(channels.get(key) ?? []), happening]);
  }
  return Object.fromEntries([...channels].map(([key, list]) => [key, sortRemovals(list)]));
}

function sortRemovals(list: readonly Happening[]): string[] {
  const lines: string[] = [];
  let run: string[] = [];
  let runAt = -1;
  for (const { at, text } of list) {
    const isRemoval = text.startsWith('member_removed');
    if (!isRemoval || at !== runAt) {
      lines.push(...run.toSorted());
      run = [];
    }
    runAt = at;
    if (isRemoval) run.push(`${at} ${text}`);
    else lines.push(`${at} ${text}`);
  }
  return [...lines, ...run.toSorted()];
}

/** Checks the invariants of every channel's facts. */
export function expectSoundFacts(facts: readonly Happening[]): void {
  for (const [channel, lines] of Object.entries(historyByChannel(facts))) {
    let isOccupied = false;
    const members = new Set<string>();
    for (const line of lines) {
      const [, fact, userId = ''] = line.split(' ');
      const message = `${channel}: ${line} in ${lines.join(', ')}`;
      if (fact === 'channel_occupied') assert.equal(isOccupied, false, message);
      else assert.equal(isOccupied, true, message);
      if (fact === 'channel_vacated') assert.equal(members.size, 0, message);
      if (fact === 'member_added') assert.equal(members.has(userId), false, message);
      if (fact === 'member_removed') assert.equal(members.has(userId), true, message);
      isOccupied = fact !== 'channel_vacated';
      if (fact === 'member_added') members.add(userId);
      if (fact === 'member_removed') members.delete(userId);
    }
  }
}

/** The notices to watchers, as `app/user state`, in order within an app. */
export function byApp(watched: readonly string[]): string[] {
  const app = (line: string): string => line.slice(0, line.indexOf('/'));
  return watched.toSorted((a, b) => app(a).localeCompare(app(b)));
}
