import { isSocketId } from '../../../protocol/socket-id.ts';
import type { ChannelChange } from './replica.ts';

/** What a script tells every node, in the order of the revisions of its partition. */
export interface PartitionNotice {
  readonly revision: number;
  readonly appId: string;
  readonly news: News;
}

/** Of a channel, of a user, or of the app. */
export type News =
  | {
      readonly kind: 'channel';
      readonly channel: string;
      readonly change: ChannelChange;
      readonly mark: string;
    }
  | { readonly kind: 'count'; readonly channel: string; readonly count: number }
  | { readonly kind: 'user'; readonly userId: string; readonly isOnline: boolean }
  /** The user was sent away so long ago. */
  | { readonly kind: 'end'; readonly userId: string; readonly agoMs: number }
  | { readonly kind: 'connections'; readonly byEpoch: ReadonlyMap<string, number> };

/** Reads a notice. Undefined if it is none that this version of the program knows. */
export function parseNotice(json: string): PartitionNotice | undefined {
  const notice = parseObject(json);
  if (notice === undefined) return undefined;
  const text = (key: string): string => {
    const value = notice[key];
    return typeof value === 'string' ? value : '';
  };
  const news = toNews(text, Number(notice['t'] ?? notice['n'] ?? notice['s'] ?? 0), notice['e']);
  return news && { revision: Number(text('v')), appId: text('a'), news };
}

function toNews(text: (key: string) => string, number: number, byEpoch: unknown): News | undefined {
  const channel = text('c');
  const userId = text('u');
  const ofChannel = (change: ChannelChange): News => ({ kind: 'channel', channel, change, mark: text('o') });
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
