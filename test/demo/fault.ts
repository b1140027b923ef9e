/** Something that the page promises did not happen; the message is the whole story for the reader. */
export class DemoFault extends Error {}

/** Resolves with the promise, or fails with a sentence when it takes longer than `limitMs`. */
export async function within<T>(limitMs: number, missing: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const sentence = `${missing} did not happen within ${(limitMs / 1000).toFixed(1)} s.`;
    timer = setTimeout(() => reject(new DemoFault(sentence)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
