import { isSocketId } from '../../../protocol/socket-id.ts';
import type { ChannelChange } from './replica.ts';

/** A notice that a script sends to every node, in the order of the revisions of its partition. */
export interface PartitionNotice {
  readonly revision: number;
  /** The revision before. */
  readonly previous: number;
  readonly appId: string;
  readonly content: NoticeContent;
}

/** The content of a notice: about a channel, a user, or the whole app. */
export type NoticeContent =
  | { readonly kind: 'channel'; readonly channel: string; readonly change: ChannelChange }
  | { readonly kind: 'count'; readonly channel: string; readonly count: number }
  | { readonly kind: 'user'; readonly userId: string; readonly isOnline: boolean }
  /** The connections of the user were terminated this long ago. */
  | { readonly kind: 'end'; readonly userId: string; readonly agoMs: number }
  | { readonly kind: 'connections'; readonly byEpoch: ReadonlyMap<string, number> }
  /** An endpoint knows the truth again, so this drop, a JSON text, is not listed any more. */
  | { readonly kind: 'resolved'; readonly subject: string; readonly json: string };

/** Reads a notice. Undefined if this version of the program does not understand it. */
export function parseNotice(json: string): PartitionNotice | undefined {
  const notice = parseObject(json);
  if (notice === undefined) return undefined;
  const text = (key: string): string => {
    const value = notice[key];
    return typeof value === 'string' ? value : '';
  };
  const content = toContent(text, Number(notice['t'] ?? notice['n'] ?? notice['s'] ?? 0), notice['e']);
  const [revision, previous] = [Number(text('v')), Number(text('p'))];
  return content && { revision, previous, appId: text('a'), content };
}

function toContent(
  text: (key: string) => string,
  number: number,
  byEpoch: unknown,
): NoticeContent | undefined {
  const channel = text('c');
  const userId = text('u');
  const ofChannel = (change: ChannelChange): NoticeContent => ({
    kind: 'channel',
    channel,
    change,
  });
  switch (text('k')) {
    case 'in':
      return ofChannel({ kind: 'in', member: { userId, infoJson: text('i') } });
    case 'out':
      return ofChannel({ kind: 'out', userId });
    case 'event': {
      const event = { name: text('n'), data: text('d') };
      const except = text('x');
      return ofChannel({
        kind: 'event',
        event,
        ttlMs: number,
        except: isSocketId(except) ? except : undefined,
        mark: text('o'),
      });
    }
    case 'miss':
      return ofChannel({ kind: 'miss-over' });
    case 'count':
      return { kind: 'count', channel, count: number };
    case 'user':
      return { kind: 'user', userId, isOnline: number === 1 };
    case 'end':
      return { kind: 'end', userId, agoMs: number };
    case 'connections':
      return { kind: 'connections', byEpoch: toNumbers(byEpoch) };
    case 'resolved':
      return { kind: 'resolved', subject: text('of'), json: text('drop') };
    default:
      return undefined;
  }
}

function toNumbers(value: unknown): ReadonlyMap<string, number> {
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(Object.entries(value).map(([key, number]) => [key, Number(number)]));
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
