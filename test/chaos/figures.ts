/** One figure of a report, with its explanation. */
export interface Figure {
  readonly what: string;
  readonly figure: string | number;
  /** What the figure counts, and which values are good. */
  readonly legend: string;
}

const actions = 'how often clients did this; should be high';
const faults = 'how often this was injected; should be high';

/** Figures that are counted by name during a run. */
const legends: Readonly<Record<string, string>> = {
  storms: 'times many clients lost their connections at once; any number is fine',
  'losses of all data': 'times Redis was emptied; any number is fine',
  'failed starts': 'starts that failed while Redis was disturbed, and were retried; any number is fine',
  'refused starts': 'the node refused to start on a full disk, and was started again; any number is fine',
  'redundant presence events': 'clients were notified of what they knew; should be low, is not an error',
  'subscriptions rejected':
    'by the node, although the client was allowed to subscribe; should be 0 unless Redis is full',
  'connections abandoned': 'by clients that waited 4 s for an answer; should be 0 unless nodes freeze',
  'caches checked after a kill': 'right after the restart, before anything was published; should be high',
  'failed publishes': 'the node died meanwhile, so the event may be published or not; any number is fine',
  'missed kill points': 'kills that happened without the expected moment; should be low',
};

/** The explanation of a figure that is counted by name. */
export function legendOf(what: string): string {
  if (what.startsWith('action: ')) return actions;
  if (what.startsWith('fault: '))
    return what.endsWith('(skipped)') ? 'not possible at that moment; any number is fine' : faults;
  if (what.startsWith('kill: ')) return 'SIGKILL at this point; should be high';
  const legend = legends[what];
  if (legend === undefined) throw new Error(`The figure '${what}' has no explanation`);
  return legend;
}

/** Formats the figures, one per line, with their explanations. */
export function formatFigures(figures: readonly Figure[]): string {
  const whatWidth = Math.max(...figures.map(({ what }) => what.length));
  const width = Math.max(...figures.map(({ figure }) => String(figure).length));
  return figures
    .map(
      ({ what, figure, legend }) => `${what.padEnd(whatWidth)}  ${String(figure).padStart(width)}  ${legend}`,
    )
    .join('\n');
}
