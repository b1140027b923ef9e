import { frameBytes, messageBytes } from './bounds.ts';
import type { Millis } from '../ports/clock.ts';
import type { Limits } from './limits.ts';
import { refill, type Filling } from './token-bucket.ts';

/** How much a connection may send; Infinity is no bound. */
export interface FrameRates {
  readonly messages: Filling;
  readonly bytes: Filling;
}

/** What is no message of the protocol costs as much as so many that are: no honest client sends it again and again. */
const invalidCosts = 10;

/** So much of the burst may be used before what a connection says has to wait for its turn among the others. */
const expressMessages = 100;

/** The rates that follow from the limits. Client events have a limit of their own, for which these leave room. */
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
 * What one connection may still send: a bucket of messages and one of bytes, which fill again as time passes. The rates are
 * handed in, because those of an app may be changed while its connections are open.
 */
export class FrameBudget {
  /** May be below 0 after something invalid. */
  #messages: number;
  #bytes: number;
  #at: Millis;

  /** Full at first. */
  constructor({ messages, bytes }: FrameRates, at: Millis) {
    this.#messages = messages.burst;
    this.#bytes = bytes.burst;
    this.#at = at;
  }

  /** Spends a frame of so many bytes. Says of what there is too little left for it, if so. */
  spend(rates: FrameRates, bytes: number, at: Millis): 'messages' | 'bytes' | undefined {
    const elapsedMs = at - this.#at;
    this.#at = at;
    this.#messages = refill(this.#messages, rates.messages, elapsedMs) - 1;
    this.#bytes = refill(this.#bytes, rates.bytes, elapsedMs) - bytes;
    if (this.#messages < 0) return 'messages';
    return this.#bytes < 0 ? 'bytes' : undefined;
  }

  /** The frame of so many bytes that was spent last was no message of the protocol. */
  penalise(bytes: number): void {
    this.#messages -= invalidCosts - 1;
    this.#bytes -= (invalidCosts - 1) * bytes;
  }

  /** Whether the connection has said so much of late that others come first. */
  isAhead({ messages }: FrameRates): boolean {
    return this.#messages < messages.burst - expressMessages;
  }
}
