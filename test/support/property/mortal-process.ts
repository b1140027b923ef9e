import type { Millis } from '../../../src/ports/clock.ts';
import type { WebhookSender } from '../../../src/ports/webhook-sender.ts';
import type { Readings } from '../../../src/store/disk/times.ts';
import type { MortalClock } from '../mortal-clock.ts';

/** The time of day when the test starts. */
export const wallStart = 1_700_000_000_000;

/** The machine's clocks at this moment of the test. */
export function readingsAt(at: Millis): Readings {
  return { wallMs: wallStart + at, hrtimeMs: at, uptimeMs: at, bootId: 'boot' };
}

/** A killed process sends nothing more, and never learns the results of what it sent. */
export function senderOf(sender: WebhookSender, process: MortalClock): WebhookSender {
  const never = new Promise<never>(() => {});
  return {
    async send(request, timeoutMs) {
      if (process.isDead) return never;
      const outcome = await sender.send(request, timeoutMs);
      return process.isDead ? never : outcome;
    },
    close: async () => {},
  };
}
