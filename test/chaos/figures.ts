/** One figure of a report, with what it says. */
export interface Figure {
  readonly what: string;
  readonly figure: string | number;
  /** What it is, and what is wanted. */
  readonly legend: string;
}

const doings = 'done so often; many are wanted';
const faults = 'brought about so often; many are wanted';

/** What is counted by name on the way. */
const legends: Readonly<Record<string, string>> = {
  storms: 'so often many clients lost their connections at once; any number',
  'losses of all data': 'so often Redis was emptied; any number',
  'starts that failed': 'while Redis was troubled, and then tried again; any number',
  'starts refused':
    'the node said that it could not start, on a full disk, and was started again; any number',
  'presence news that changed nothing': 'clients were told what they knew; few are wanted, and none is false',
  'subscriptions refused':
    'by the node, though the client might have them; 0 is wanted but while Redis is full',
  'connections given up': 'by clients that got no answer in 4 s; any number where nodes freeze, else 0',
  'caches looked into after a kill': 'right after the start, before anything was published; many are wanted',
  'publishes that failed': 'the node went away meanwhile; any number, and their events may be there or not',
  'moments that did not come': 'kills that happened without the moment that was waited for; few are wanted',
};

/** What a figure that is counted by name says. */
export function legendOf(what: string): string {
  if (what.startsWith('action: ')) return doings;
  if (what.startsWith('fault: '))
    return what.endsWith('(skipped)') ? 'not possible at that moment; any number' : faults;
  if (what.startsWith('kill: ')) return 'SIGKILL at this point; many are wanted';
  const legend = legends[what];
  if (legend === undefined) throw new Error(`The figure '${what}' has no legend`);
  return legend;
}

/** All figures, one a line, each with its legend. */
export function formatFigures(figures: readonly Figure[]): string {
  const whatWidth = Math.max(...figures.map(({ what }) => what.length));
  const width = Math.max(...figures.map(({ figure }) => String(figure).length));
  return figures
    .map(
      ({ what, figure, legend }) => `${what.padEnd(whatWidth)}  ${String(figure).padStart(width)}  ${legend}`,
    )
    .join('\n');
}
