import { number } from './format.ts';

/** A line of a plot. */
export interface Line {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** How to draw the lines. */
export interface Axes {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly isXLog?: boolean;
  readonly isYLog?: boolean;
  /** The labels of the x axis; the default is one at each end. */
  readonly ticks?: readonly (readonly [x: number, label: string])[];
}

/** A bar with the range of the rounds. */
export interface Bar {
  readonly color: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** The value of the full width. */
  readonly full: number;
  /** The wanted bound, on the same scale. */
  readonly bound: number | null;
}

const width = 360;
const height = 200;
const edge = { left: 46, right: 22, top: 12, bottom: 34 };
const barWidth = 400;
const barHeight = 18;

/** Escapes text for use in markup. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Draws a horizontal bar: its length is the median, a thin line goes from min to max, and a tick marks the bound. */
export function barOf({ color, median, min, max, full, bound }: Bar): string {
  const at = (value: number): string => ((Math.min(value, full) / full) * (barWidth - 6) + 2).toFixed(1);
  const middle = barHeight / 2;
  const range =
    max > min
      ? `<path d="M${at(min)} ${middle}H${at(max)}M${at(min)} ${middle - 4}v8M${at(max)} ${middle - 4}v8" class="range"/>`
      : '';
  const limit =
    bound === null || bound > full ? '' : `<path d="M${at(bound)} 0v${barHeight}" class="bound"/>`;
  return (
    `<svg class="bar" viewBox="0 0 ${barWidth} ${barHeight}" preserveAspectRatio="none" aria-hidden="true">` +
    `<rect x="2" y="3" width="${Math.max(0, Number(at(median)) - 2).toFixed(1)}" height="${barHeight - 6}" fill="${color}" rx="2"/>` +
    `${range}${limit}</svg>`
  );
}

/** Draws a small plot with one line for each target. */
export function linesOf(lines: readonly Line[], axes: Axes): string {
  const points = lines.flatMap((line) => line.points);
  const x = scaleOf(
    points.map(([value]) => value),
    { isLog: axes.isXLog === true, from: edge.left, to: width - edge.right, startsAtZero: false },
  );
  const y = scaleOf(
    points.map(([, value]) => value),
    { isLog: axes.isYLog === true, from: height - edge.bottom, to: edge.top, startsAtZero: true },
  );
  const paths = lines.map(({ color, points: own, name }) => {
    const steps = own.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${x.at(px)} ${y.at(py)}`).join('');
    const dots =
      own.length > 20
        ? ''
        : own.map(([px, py]) => dotOf(x.at(px), y.at(py), color, `${name}: ${number(py)}`)).join('');
    return `<path d="${steps}" fill="none" stroke="${color}" stroke-width="2"/>${dots}`;
  });
  const ticks = axes.ticks ?? [x.low, x.high].map((value) => [value, number(value)] as const);
  const labels = ticks.map(
    ([value, label]) =>
      `<text x="${x.at(value)}" y="${height - edge.bottom + 14}" text-anchor="middle">${escape(label)}</text>`,
  );
  return (
    `<figure><figcaption>${escape(axes.title)}</figcaption>` +
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(axes.title)}">` +
    gridOf(y) +
    labels.join('') +
    `<text x="${(width + edge.left) / 2}" y="${height - 4}" text-anchor="middle" class="axis">${escape(axes.xName)}</text>` +
    `<text transform="translate(10 ${height / 2}) rotate(-90)" text-anchor="middle" class="axis">${escape(axes.yName)}</text>` +
    `${paths.join('')}</svg></figure>`
  );
}

function dotOf(x: string, y: string, color: string, title: string): string {
  return `<circle cx="${x}" cy="${y}" r="3" fill="${color}"><title>${escape(title)}</title></circle>`;
}

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly steps: readonly number[];
  at(value: number): string;
}

function scaleOf(
  values: readonly number[],
  {
    isLog,
    from,
    to,
    startsAtZero,
  }: { readonly isLog: boolean; readonly from: number; readonly to: number; readonly startsAtZero: boolean },
): Scale {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (isLog) {
    const low = startsAtZero ? 10 ** Math.floor(Math.log10(Math.max(least, 1e-3))) : least;
    const high = startsAtZero ? 10 ** Math.ceil(Math.log10(Math.max(most, low * 1.01))) : most;
    const span = Math.log(high / low) || 1;
    const decades = Math.round(Math.log10(high / low));
    return {
      low,
      high,
      steps: Array.from({ length: decades + 1 }, (_, power) => low * 10 ** power),
      at: (value) => (from + ((to - from) * Math.log(Math.max(value, low) / low)) / span).toFixed(1),
    };
  }
  const low = startsAtZero ? 0 : least;
  const step = niceStep((most - low) / 4);
  const high = startsAtZero ? Math.ceil(most / step) * step : most;
  const span = high - low || 1;
  return {
    low,
    high,
    steps: Array.from({ length: Math.round(span / step) + 1 }, (_, index) => low + index * step),
    at: (value) => (from + ((to - from) * (value - low)) / span).toFixed(1),
  };
}

/** The smallest value of at least `least` that is 1, 2 or 5 times a power of ten. */
function niceStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function gridOf(y: Scale): string {
  return y.steps
    .map(
      (value) =>
        `<path d="M${edge.left} ${y.at(value)}H${width - edge.right}" class="grid"/>` +
        `<text x="${edge.left - 5}" y="${y.at(value)}" dy="3.5" text-anchor="end">${shortNumber(value)}</text>`,
    )
    .join('');
}

function shortNumber(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)));
}
