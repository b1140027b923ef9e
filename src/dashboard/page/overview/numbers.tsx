import type { OverviewView, SeriesView } from '../../../views/server.ts';
import { Sparkline } from '../components/sparkline.tsx';
import { count, duration, plural, rate } from '../format.ts';

interface NumbersProps {
  readonly overview: OverviewView;
  readonly series: SeriesView | undefined;
}

const noHistory = 'no history yet';

type SeriesName = Exclude<keyof SeriesView, 'stepMs' | 'endMs'>;

/** The current numbers, each with a line of the last hour. */
export function Numbers({ overview, series }: NumbersProps) {
  const { rates } = overview;
  return (
    <section class="tiles" aria-label="Current numbers">
      <Tile
        title="Connections"
        value={count(overview.connections)}
        about={`${plural(overview.occupiedChannels, 'channel')}, ${plural(overview.members, 'member')}`}
        line={{ series, name: 'connections', tone: 'accent' }}
      />
      {perSecond.map(([title, name, tone]) => (
        <Tile key={name} title={title} value={rate(rates[name])} unit="/s" line={{ series, name, tone }} />
      ))}
    </section>
  );
}

const perSecond = [
  ['Published', 'published', 'accent'],
  ['Client messages', 'received', 'accent'],
  ['Delivered', 'delivered', 'good'],
  ['Attempts failed', 'failed', 'bad'],
  ['Events dropped', 'dropped', 'bad'],
  ['Refused', 'refused', 'calm'],
] as const;

interface Line {
  readonly series: SeriesView | undefined;
  readonly name: SeriesName;
  readonly tone: 'accent' | 'good' | 'bad' | 'calm';
}

interface TileProps {
  readonly title: string;
  readonly value: string;
  readonly unit?: string;
  readonly about?: string;
  readonly line: Line;
}

function Tile({ title, value, unit, about, line: { series, name, tone } }: TileProps) {
  const values = series?.[name] ?? [];
  const sum = values.reduce((total, one) => total + one, 0);
  const most = Math.max(0, ...values);
  const isQuiet = most === 0;
  return (
    <div class="tile">
      <h2 class="tile-title">{title}</h2>
      <p class="tile-value">
        {value}
        {unit !== undefined && <span class="tile-unit">{unit}</span>}
      </p>
      <p class="tile-about">{about ?? describe(series, sum)}</p>
      <Sparkline
        values={values}
        tone={isQuiet ? 'calm' : tone}
        label={`${title}: ${describeMost(series, most)}`}
      />
    </div>
  );
}

function describe(series: SeriesView | undefined, sum: number): string {
  const span = spanOf(series);
  return span === undefined ? noHistory : `${count(sum)} in the last ${span}`;
}

function describeMost(series: SeriesView | undefined, most: number): string {
  const span = spanOf(series);
  return span === undefined
    ? noHistory
    : `at most ${count(most)} in ${duration(series?.stepMs ?? 0)}, in the last ${span}`;
}

/** The span of the history. Undefined before the first step has ended. */
function spanOf(series: SeriesView | undefined): string | undefined {
  const ms = series === undefined ? 0 : series.stepMs * series.connections.length;
  if (ms === 0) return undefined;
  return ms === 3_600_000 ? 'hour' : duration(ms);
}
