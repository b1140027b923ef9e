const colors: Readonly<Record<string, readonly string[]>> = {
  emulator: ['#2f6fed', '#7aa5f5', '#1b3f8a'],
  raw: ['#8d96a5', '#b7bdc8', '#626b7a'],
  soketi: ['#e08a2b', '#f0b97a', '#a35e12'],
  sockudo: ['#b5475f', '#d98b9b', '#7d2c3f'],
  url: ['#2f9e77'],
};

/** The color of a target in all plots. Variants have other shades of it. */
export function colorOf(target: string): string {
  const [base = '', ...variants] = target.split('+');
  const shades = colors[base] ?? colors['url'] ?? [];
  return shades[variants.length === 0 ? 0 : variants.includes('tls') ? 1 : 2] ?? '#666';
}
