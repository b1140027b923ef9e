import { Table, type Column } from '../components/table.tsx';
import { exactTime } from '../format.ts';
import type { Mark, TimelineRow } from './timeline-layout.ts';

/** A mark and the row that it is in. */
export interface PlacedMark {
  readonly row: TimelineRow;
  readonly mark: Mark;
}

/** The same content as the drawing, as text. */
export function TimelineTable({ marks }: { readonly marks: readonly PlacedMark[] }) {
  return (
    <details class="tl-table">
      <summary>As a table</summary>
      <Table
        label="What the timeline shows, oldest first"
        columns={columns}
        rows={marks}
        keyOf={({ row, mark }) => `${row.kind} ${row.label} ${mark.fromMs} ${mark.text}`}
      />
    </details>
  );
}

const columns: readonly Column<PlacedMark>[] = [
  {
    title: 'Time (UTC)',
    cell: ({ mark }) => <span class="mono">{exactTime(mark.fromMs).slice(11, 23)}</span>,
  },
  { title: 'Row', cell: ({ row }) => row.label },
  { title: 'What', kind: 'grow', cell: ({ mark }) => mark.text },
];
