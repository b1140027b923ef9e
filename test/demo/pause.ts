/** Resolves after `ms` milliseconds. Used where the demo shows that no webhook arrives. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
