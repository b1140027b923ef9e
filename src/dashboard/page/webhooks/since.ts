const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time that the server reads: how long ago becomes a moment; anything else is left for the server to judge. */
export function sinceText(text: string, nowMs: number): string {
  const trimmed = text.trim();
  const [, amount, unit = ''] = /^(\d+)\s*([smhd])$/.exec(trimmed) ?? [];
  if (amount === undefined) return trimmed;
  return new Date(nowMs - Number(amount) * (unitMs[unit] ?? 0)).toISOString();
}
