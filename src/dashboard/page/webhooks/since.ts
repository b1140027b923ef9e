const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Converts an age such as 10m to a time. Any other text is returned unchanged, because the server validates it. */
export function sinceText(text: string, nowMs: number): string {
  const trimmed = text.trim();
  const [, amount, unit = ''] = /^(\d+)\s*([smhd])$/.exec(trimmed) ?? [];
  if (amount === undefined) return trimmed;
  return new Date(nowMs - Number(amount) * (unitMs[unit] ?? 0)).toISOString();
}
