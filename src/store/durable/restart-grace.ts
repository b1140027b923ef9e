import type { Millis } from '../../ports/clock.ts';

const second: Millis = 1000;

/**
 * How long all announced members and channels linger after a restart. pusher-js reconnects 1 s after a crash. While the port
 * refuses connections, it waits 15 s longer, then 30 s, then a minute at a time. The grace is therefore the longest wait in
 * which a client may be, plus some seconds to connect and subscribe.
 */
export function restartGrace(
  configured: Millis | 'auto',
  { downMs, disconnectGraceMs }: { readonly downMs: Millis; readonly disconnectGraceMs: Millis },
): Millis {
  if (configured !== 'auto') return configured;
  const auto = downMs < 16 * second ? 20 * second : downMs < 46 * second ? 35 * second : 65 * second;
  return Math.max(auto, disconnectGraceMs);
}
