import { frameBytes, messageBytes } from './bounds.ts';
import type { Millis } from '../ports/clock.ts';
import type { Limits } from './limits.ts';

/** How much a connection may send; Infinity is no bound. */
export interface FrameRates {
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
  readonly bytesPerSecond: number;
  readonly byteBurst: number;
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
    messagesPerSecond: messagesPerSecond + clientEventsPerSecond,
    messageBurst: messageBurst + clientEventsPerSecond,
    bytesPerSecond: bytesPerSecond + clientBytes,
    byteBurst: Math.max(byteBurst, 2 * frameBytes(limits)) + clientBytes,
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
  constructor({ messageBurst, byteBurst }: FrameRates, at: Millis) {
    this.#messages = messageBurst;
    this.#bytes = byteBurst;
    this.#at = at;
  }

  /** Spends a frame of so many bytes. Says of what there is too little left for it, if so. */
  spend(rates: FrameRates, bytes: number, at: Millis): 'messages' | 'bytes' | undefined {
    const seconds = (at - this.#at) / 1000;
    this.#at = at;
    this.#messages = refill(this.#messages, rates.messagesPerSecond, rates.messageBurst, seconds) - 1;
    this.#bytes = refill(this.#bytes, rates.bytesPerSecond, rates.byteBurst, seconds) - bytes;
    if (this.#messages < 0) return 'messages';
    return this.#bytes < 0 ? 'bytes' : undefined;
  }

  /** The frame of so many bytes that was spent last was no message of the protocol. */
  penalise(bytes: number): void {
    this.#messages -= invalidCosts - 1;
    this.#bytes -= (invalidCosts - 1) * bytes;
  }

  /** Whether the connection has said so much of late that others come first. */
  isAhead({ messageBurst }: FrameRates): boolean {
    return this.#messages < messageBurst - expressMessages;
  }
}

function refill(left: number, perSecond: number, burst: number, seconds: number): number {
  // Without a bound there is nothing to count: Infinity times 0 is no number.
  return perSecond === Infinity || burst === Infinity
    ? Infinity
    : Math.min(burst, left + perSecond * seconds);
}
