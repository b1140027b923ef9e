import { height, linePath, width } from './sparkline-path.ts';

interface SparklineProps {
  readonly values: readonly number[];
  /** A description with the important numbers, for screen readers. */
  readonly label: string;
  readonly tone?: 'accent' | 'good' | 'bad' | 'calm';
}

/** Numbers over time as a small line chart. */
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
