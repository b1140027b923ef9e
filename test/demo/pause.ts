/** Resolves after `ms`; for the few moments in which the demonstration shows that nothing comes. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
