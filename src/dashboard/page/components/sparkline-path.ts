export const width = 120;
export const height = 28;

/** The path of the line, within the box. Negative values are drawn as zero. */
export function linePath(values: readonly number[]): string {
  if (values.length < 2) return '';
  const most = Math.max(...values, 1);
  const step = width / (values.length - 1);
  return values
    .map((value, index) => {
      const y = height - 1.5 - (Math.max(value, 0) / most) * (height - 3);
      return `${index === 0 ? 'M' : 'L'}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join(' ');
}
