import type { Millis } from '../../../src/ports/clock.ts';
import type { WebhookSender } from '../../../src/ports/webhook-sender.ts';
import type { Readings } from '../../../src/store/disk/times.ts';
import type { MortalClock } from '../mortal-clock.ts';

/** The time of day at the beginning of the test's time. */
export const wallStart = 1_700_000_000_000;

/** What the clocks of the machine say at this moment of the test's time. */
export function readingsAt(at: Millis): Readings {
  return { wallMs: wallStart + at, hrtimeMs: at, uptimeMs: at, bootId: 'boot' };
}

/** A process that was killed sends nothing more, and does not learn what came of what it has sent. */
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
