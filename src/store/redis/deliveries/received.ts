import { eventNames } from '../../../webhooks/event.ts';
import type { Selection } from '../../../webhooks/endpoint.ts';
import { parse } from '../channels/kept.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** Which events an endpoint has received of the channels of a partition, except for those that it is known to have missed. */
export interface Received {
  readonly selection: Selection;
  /**
   * An event with this sequence number or an earlier one may report a subject of which the endpoint had not received the event before,
   * without a record of that. Undefined: any event may.
   */
  readonly unsureUntil: number | undefined;
}

/** By app and endpoint: APP\nENDPOINT. */
export type ReceivedByName = Map<string, Received>;

/** What must be noted. */
export interface ReceivedChanges {
  /** The endpoints that have changed; undefined: all, in place of what was noted before. */
  readonly names: ReadonlySet<string> | undefined;
  /** Nothing is noted of other endpoints any more. */
  readonly received: ReadonlyMap<string, Received>;
}

/** What keeping needs. */
export interface KeptReceivedOptions {
  readonly link: Pick<RedisLink, 'run' | 'commands'>;
  /** The token of this node's right to a partition. */
  readonly tokenOf: (partition: number) => number;
}

/** The field that says that something was noted, if only that there is no endpoint. */
const known = 'known';

/** Reads what the owners of a partition have noted. Undefined if none has ever done so. Rejects if Redis does not answer. */
export async function readReceived(
  { link }: Pick<KeptReceivedOptions, 'link'>,
  keys: PartitionKeys,
): Promise<ReceivedByName | undefined> {
  const { [known]: isKnown, ...fields } = await link.commands.hgetall(keys.received);
  if (isKnown === undefined) return undefined;
  return new Map(
    Object.entries(fields).flatMap(([name, text]) => {
      const received = parseReceived(text);
      return received === undefined ? [] : [[name, received] as const];
    }),
  );
}

/** Notes what has changed. Resolves with whether this node owns the partition. Rejects if Redis does not answer. */
export async function writeReceived(
  { link, tokenOf }: KeptReceivedOptions,
  keys: PartitionKeys,
  index: number,
  { names, received }: ReceivedChanges,
): Promise<boolean> {
  const args = Array.from(names ?? received.keys()).flatMap((name) => {
    const one = received.get(name);
    return [name, one === undefined ? '' : formatReceived(one)];
  });
  const [isMine] = await link.run(
    'note-received',
    [keys.fence, keys.received],
    [tokenOf(index), names === undefined ? 1 : 0, ...args],
  );
  return isMine === 1;
}

function formatReceived({ selection: { eventTypes, channels }, unsureUntil }: Received): string {
  const { startsWith = '', endsWith = '' } = channels;
  return JSON.stringify([[...eventTypes], startsWith, endsWith, unsureUntil ?? null]);
}

/** Undefined if another version of the program wrote something else. The endpoint then counts as new. */
function parseReceived(text: string): Received | undefined {
  const value = parse(text);
  if (!Array.isArray(value)) return undefined;
  const [types, startsWith, endsWith, unsureUntil]: readonly unknown[] = value;
  if (!Array.isArray(types) || typeof startsWith !== 'string' || typeof endsWith !== 'string')
    return undefined;
  const eventTypes = new Set(eventNames.filter((name) => types.includes(name)));
  const selection = { eventTypes, channels: { startsWith, endsWith } };
  return { selection, unsureUntil: typeof unsureUntil === 'number' ? unsureUntil : undefined };
}
