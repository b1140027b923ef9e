import type { ConsoleType } from '../../views/server.ts';
import type { Refusal } from '../../ports/refusals.ts';
import type {
  DisconnectReason,
  PublishSource,
  WitnessedClientEvent,
  WitnessedTrigger,
} from '../../ports/witness.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import type { Attempt } from '../../webhooks/attempt.ts';
import type { LetterAttempt } from '../../webhooks/dead-letter.ts';
import type { AttemptEnded, Decided } from '../../webhooks/delivery-facts.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import type { Numbered } from '../ring.ts';

/** The content of an entry of the debug console. Its text is created only when it is read. */
export type ConsoleContent =
  | { readonly kind: 'connected'; readonly socketId: SocketId; readonly remoteAddress: string }
  | {
      readonly kind: 'disconnected';
      readonly socketId: SocketId;
      readonly userId: string | undefined;
      readonly reason: DisconnectReason;
      /** The first of its channels. */
      readonly channels: readonly string[];
      readonly channelCount: number;
      readonly lastedMs: number;
    }
  | {
      readonly kind: 'subscribed' | 'unsubscribed';
      readonly socketId: SocketId;
      readonly userId: string | undefined;
      readonly channel: string;
    }
  | { readonly kind: 'published'; readonly trigger: WitnessedTrigger; readonly source: PublishSource }
  | {
      readonly kind: 'client-event';
      readonly socketId: SocketId;
      readonly userId: string | undefined;
      readonly event: WitnessedClientEvent;
    }
  | { readonly kind: 'event'; readonly event: WebhookEvent; readonly selecting: number }
  | {
      readonly kind: 'attempt';
      readonly attempt: AttemptFacts;
      readonly outcome: AttemptEnded['outcome'];
      readonly elapsedMs: number;
      readonly retryInMs: number | undefined;
    }
  | {
      readonly kind: 'dropped';
      readonly reason: Exclude<Decided['fate'], 'delivered'>;
      readonly endpoint: Decided['endpoint'];
      readonly events: number;
      readonly webhookId: string | undefined;
      readonly attempts: number;
    }
  | {
      readonly kind: 'resent';
      readonly webhookId: string;
      readonly endpointId: string;
      readonly url: string;
      readonly attempt: LetterAttempt;
      readonly events: number;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'setting'; readonly text: string }
  /** Not a row. It carries the number of entries that were not recorded at the end of a burst, of any app. */
  | { readonly kind: 'gap' };

/** The facts of an attempt that the console shows. The body is not among them, so it can be released. */
type AttemptFacts = Pick<Attempt, 'webhookId' | 'number'> & {
  readonly endpointId: string;
  readonly url: string;
  readonly events: number;
  readonly bytes: number;
  /** Of its events. */
  readonly channels: readonly string[];
};

/** An entry of the console. */
export interface ConsoleEntry extends Numbered {
  readonly type: ConsoleType;
  readonly appId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** How many entries of its type were not recorded just before it. */
  readonly skipped: number;
  readonly content: ConsoleContent;
}

/** The approximate memory of an entry without its texts. */
const overheadBytes = 300;

/** The approximate memory of an entry. */
export function entryBytes(content: ConsoleContent): number {
  switch (content.kind) {
    case 'gap':
    case 'connected':
    case 'subscribed':
    case 'unsubscribed':
    case 'dropped':
      return overheadBytes;
    case 'disconnected':
      return overheadBytes + 60 * content.channels.length;
    case 'published': {
      const { name, data, channels } = content.trigger;
      return overheadBytes + name.length + data.length + 100 * channels.length;
    }
    case 'client-event':
      return overheadBytes + content.event.event.length + content.event.data.length;
    case 'event':
      return overheadBytes + (content.event.name === 'client_event' ? content.event.data.length : 0);
    case 'attempt': {
      const { outcome, attempt } = content;
      const answer = outcome.kind === 'answered' ? (outcome.body?.length ?? 0) : 0;
      return overheadBytes + answer + 60 * attempt.channels.length;
    }
    case 'resent':
      return overheadBytes + (content.attempt.answer?.length ?? 0);
    case 'refused':
      // Its fields are created when they are read. A channel or a name in it is clipped.
      return overheadBytes + 700;
    case 'setting':
      return overheadBytes + content.text.length;
  }
}
