import type { ChannelRecord } from '../../channels/channel-record.ts';
import type { Page } from '../../ports/channel-queries.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { Smallest } from '../../structures/smallest.ts';
import type { TurnBudget } from '../../structures/turn-budget.ts';

/** How many channels are examined in one step. */
const seenInStep = 10;

/** The names of the occupied channels that start with the prefix. */
export function* occupied(channels: Iterable<ChannelRecord>, prefix: string): Generator<ChannelName, void> {
  for (const { isLive, name } of channels) if (isLive && name.startsWith(prefix)) yield name;
}

/** A page of them. The search pauses when a turn of the event loop has no room for it; channels may change meanwhile. */
export async function findPage(
  channels: Iterable<ChannelRecord>,
  prefix: string,
  { after, limit }: Page,
  steps: TurnBudget,
): Promise<readonly ChannelName[]> {
  const any = new Set<ChannelName>();
  const first = new Smallest<ChannelName>(limit);
  let seen = 0;
  for (const { isLive, name } of channels) {
    seen += 1;
    if (seen % seenInStep === 0) await steps.step();
    if (!isLive || !name.startsWith(prefix)) continue;
    if (after === undefined) {
      if (any.add(name).size === limit) break;
    } else if (name > after && first.add(name)) await steps.step(steps.perTurn);
  }
  return after === undefined ? [...any] : first.texts;
}
