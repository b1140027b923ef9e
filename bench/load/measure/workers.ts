/** The number of connections of each worker according to the server's metrics, in the order of the workers. */
export function connectionsOfWorkers(metrics: string): number[] {
  const counts = new Map<string, number>();
  for (const line of metrics.matchAll(/^soketify_connections\{([^}]*)\} (\d+)/gm)) {
    const worker = /\bworker="([^"]*)"/.exec(line[1] ?? '')?.[1];
    if (worker !== undefined) counts.set(worker, (counts.get(worker) ?? 0) + Number(line[2]));
  }
  return [...counts.entries()].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, count]) => count);
}

/** The maximum divided by the mean; NaN for an empty list. */
export function unevenness(values: readonly number[]): number {
  const sum = values.reduce((all, one) => all + one, 0);
  return (Math.max(...values) * values.length) / sum;
}
