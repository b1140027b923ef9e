import type { Millis } from '../../ports/clock.ts';

const second: Millis = 1000;

/**
 * How long everybody who was announced lingers after a restart. pusher-js comes back 1 s after a crash; where the port
 * refuses it, it waits 15 s longer, then 30 s, then a minute at a time. So the grace is the longest wait in which a client
 * may be, and some seconds for it to connect and subscribe.
 */
export function restartGrace(
  configured: Millis | 'auto',
  { downMs, disconnectGraceMs }: { readonly downMs: Millis; readonly disconnectGraceMs: Millis },
): Millis {
  if (configured !== 'auto') return configured;
  const auto = downMs < 16 * second ? 20 * second : downMs < 46 * second ? 35 * second : 65 * second;
  return Math.max(auto, disconnectGraceMs);
}
