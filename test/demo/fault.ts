/** The demo saw something other than what the documentation describes. The message is a full sentence. */
export class DemoFault extends Error {}

/**
 * Waits for a promise.
 * @param limitMs How long to wait, in milliseconds.
 * @param missing What to report after that, such as "Ann did not connect".
 * @param promise What to wait for.
 * @throws DemoFault if the promise takes longer.
 */
export async function within<T>(limitMs: number, missing: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const sentence = `${missing} within ${(limitMs / 1000).toFixed(1)} s.`;
    timer = setTimeout(() => reject(new DemoFault(sentence)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
