import type { Mark } from './timeline-layout.ts';

/** The height of a row of the drawing. */
export const laneHeight = 24;

const middle = laneHeight / 2;

/** The hatch pattern of a grace period, defined once in the document. */
export function TimelinePatterns() {
  return (
    <svg class="tl-patterns" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern
          id="tl-hatch"
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect class="tl-hatch-ground" width="6" height="6" />
          <line class="tl-hatch-line" x1="0" y1="0" x2="0" y2="6" />
        </pattern>
      </defs>
    </svg>
  );
}

/** A span as a bar. */
export function Bar({ mark }: { readonly mark: Mark }) {
  const width = Math.max(1.5, mark.width);
  if (mark.shape === 'wait')
    return <rect class="tl-wait" x={mark.x} y={middle - 1} width={width} height={2} />;
  const fill = mark.shape === 'lingering' ? { fill: 'url(#tl-hatch)' } : {};
  return (
    <rect class={`tl-bar tl-${mark.shape}`} x={mark.x} y={5} width={width} height={14} rx={2} {...fill} />
  );
}

/** A fact or an attempt. Each kind has its own shape, so that colour is not needed to tell them apart. */
export function Point({ mark }: { readonly mark: Mark }) {
  return (
    <g class={`tl-point tl-${mark.shape}`} transform={`translate(${mark.x} ${middle})`}>
      <PointShape mark={mark} />
      {mark.count > 1 && (
        <text class="tl-count" x={7} y={4}>
          {mark.count}
        </text>
      )}
    </g>
  );
}

function PointShape({ mark }: { readonly mark: Mark }) {
  switch (mark.shape) {
    case 'sent':
      return <path d="M0-9V9M0-9L5-6L0-3Z" />;
    case 'unsent':
      return <path d="M0-5L5 0L0 5L-5 0Z" />;
    case 'success':
      return <circle r={4.5} />;
    case 'failed':
      return <path d="M-4-4L4 4M4-4L-4 4" />;
    case 'pending':
      return <circle r={4} />;
    case 'some':
    case 'present':
    case 'lingering':
    case 'grace-left':
    case 'wait':
      return <rect x={-4} y={-4} width={8} height={8} />;
  }
}

const bars: readonly LegendEntry[] = [
  ['present', 'present'],
  ['lingering', 'in the grace period'],
  ['grace-left', 'rest of the grace period'],
];
const points: readonly LegendEntry[] = [
  ['sent', 'webhook event'],
  ['unsent', 'webhook event not sent'],
  ['success', 'attempt succeeded (2xx)'],
  ['failed', 'attempt failed'],
  ['pending', 'attempt in progress'],
];

type LegendEntry = readonly [Mark['shape'], string];

/** The meaning of the shapes. */
export function Legend() {
  return (
    <ul class="tl-legend" aria-label="Legend">
      {bars.map(([shape, text]) => (
        <li key={shape}>
          <svg width="20" height={laneHeight} aria-hidden="true">
            <Bar mark={{ ...sample, shape, x: 1, width: 18 }} />
          </svg>
          {text}
        </li>
      ))}
      {points.map(([shape, text]) => (
        <li key={shape}>
          <svg width="14" height={laneHeight} aria-hidden="true">
            <Point mark={{ ...sample, shape, x: 7, width: 0 }} />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}

const sample = { fromMs: 0, toMs: 0, count: 1, text: '' };
