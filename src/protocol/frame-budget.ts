import { frameBytes, messageBytes } from './bounds.ts';
import type { Millis } from '../ports/clock.ts';
import type { Limits } from './limits.ts';
import { refill, type Filling } from './token-bucket.ts';

/** How much a connection may send; Infinity is no bound. */
export interface FrameRates {
  readonly messages: Filling;
  readonly bytes: Filling;
}

/** A frame that is not a message of the protocol costs as much as this many messages. No honest client sends such frames repeatedly. */
const invalidCosts = 10;

/** How many messages of the burst a connection may use before its commands wait their turn behind those of others. */
const expressMessages = 100;

/** The rates that follow from the limits. They leave room for client events, which have a limit of their own. */
export function frameRates(limits: Limits): FrameRates {
  const { clientEventsPerSecond, messagesPerSecond, messageBurst, bytesPerSecond, byteBurst } = limits;
  const clientBytes = clientEventsPerSecond * messageBytes(limits);
  return {
    messages: {
      perSecond: messagesPerSecond + clientEventsPerSecond,
      burst: messageBurst + clientEventsPerSecond,
    },
    bytes: {
      perSecond: bytesPerSecond + clientBytes,
      burst: Math.max(byteBurst, 2 * frameBytes(limits)) + clientBytes,
    },
  };
}

/**
 * What one connection may still send: a bucket of messages and one of bytes, both of which refill over time. The rates are
 * passed to each call, because the limits of an app may change while its connections are open.
 */
export class FrameBudget {
  /** May be below 0 after an invalid frame. */
  #messages: number;
  #bytes: number;
  #at: Millis;

  /** Full at first. */
  constructor({ messages, bytes }: FrameRates, at: Millis) {
    this.#messages = messages.burst;
    this.#bytes = bytes.burst;
    this.#at = at;
  }

  /** Spends one frame of `bytes` bytes. Returns which of the two budgets was too small for it, if any. */
  spend(rates: FrameRates, bytes: number, at: Millis): 'messages' | 'bytes' | undefined {
    const elapsedMs = at - this.#at;
    this.#at = at;
    this.#messages = refill(this.#messages, rates.messages, elapsedMs) - 1;
    this.#bytes = refill(this.#bytes, rates.bytes, elapsedMs) - bytes;
    if (this.#messages < 0) return 'messages';
    return this.#bytes < 0 ? 'bytes' : undefined;
  }

  /** Charges extra for the last frame, of `bytes` bytes, because it was not a message of the protocol. */
  penalise(bytes: number): void {
    this.#messages -= invalidCosts - 1;
    this.#bytes -= (invalidCosts - 1) * bytes;
  }

  /** Whether the connection has recently sent so much that others are served first. */
  isAhead({ messages }: FrameRates): boolean {
    return this.#messages < messages.burst - expressMessages;
  }
}
