interface SparklineProps {
  readonly values: readonly number[];
  /** What it shows, with the numbers that matter, for those who do not see it. */
  readonly label: string;
  readonly tone?: 'accent' | 'good' | 'bad' | 'calm';
}

const width = 120;
const height = 28;

/** Numbers over time as a small line. */
export function Sparkline({ values, label, tone = 'accent' }: SparklineProps) {
  const line = linePath(values);
  return (
    <svg
      class={`sparkline ${tone}`}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {line !== '' && <path class="sparkline-area" d={`${line} L${width} ${height} L0 ${height} Z`} />}
      {line !== '' && <path class="sparkline-line" d={line} />}
    </svg>
  );
}

/** The path of the line, within the box and above nought. */
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
