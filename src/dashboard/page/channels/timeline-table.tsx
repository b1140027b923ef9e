import type { TimelineView } from '../../../admin/views/channels.ts';

const mostRows = 500;

interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
}

/** The same as the drawing, to be read. */
export function TimelineTable({ view }: { readonly view: TimelineView }) {
  return (
    <details class="tl-table">
      <summary>As a table</summary>
      <TableOfLines lines={linesOf(view)} />
    </details>
  );
}

function TableOfLines({ lines }: { readonly lines: readonly Line[] }) {
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Of</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(-mostRows).map(({ atMs, who, what }, index) => (
            <tr key={index}>
              <td class="num">{new Date(atMs).toISOString().slice(11, 23)}</td>
              <td>{who}</td>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > mostRows && (
        <p class="muted">
          The last {mostRows} of {lines.length}. Times are UTC.
        </p>
      )}
    </div>
  );
}

function linesOf(view: TimelineView): readonly Line[] {
  const spans = view.rows.flatMap(({ userId, spans: list }) =>
    list.map(({ state, fromMs, toMs, deadlineMs }) => ({
      atMs: fromMs,
      who: userId ?? view.channel,
      what:
        `${state === 'present' ? 'present' : 'in its grace'} ` +
        (toMs === undefined ? 'until now' : `for ${toMs - fromMs} ms`) +
        (deadlineMs === undefined ? '' : ` of ${deadlineMs - fromMs} ms`),
    })),
  );
  const events = view.events.map(({ atMs, user_id: userId, name, status, why }) => ({
    atMs,
    who: userId ?? view.channel,
    what: `${name}: ${status}; ${why}`,
  }));
  const attempts = view.deliveries.flatMap(({ id, endpoint, attempts: list }) =>
    list.map(({ number, atMs, result, status }) => ({
      atMs,
      who: endpoint,
      what: `attempt ${number} of ${id}: ${status ?? result}`,
    })),
  );
  return [...spans, ...events, ...attempts].toSorted((a, b) => a.atMs - b.atMs);
}
