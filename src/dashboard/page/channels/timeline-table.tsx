import { Table, type Column } from '../components/table.tsx';
import { clockTime } from '../format.ts';
import type { Mark, TimelineRow } from './timeline-layout.ts';

/** A mark and the row that it is in. */
export interface PlacedMark {
  readonly row: TimelineRow;
  readonly mark: Mark;
}

interface TimelineTableProps {
  readonly marks: readonly PlacedMark[];
  readonly nowMs: number;
}

/** The same content as the drawing, as text. */
export function TimelineTable({ marks, nowMs }: TimelineTableProps) {
  return (
    <details class="tl-table">
      <summary>As a table</summary>
      <Table
        label="What the timeline shows, oldest first"
        columns={columnsAt(nowMs)}
        rows={marks}
        keyOf={({ row, mark }) => `${row.kind} ${row.label} ${mark.fromMs} ${mark.text}`}
      />
    </details>
  );
}

function columnsAt(nowMs: number): readonly Column<PlacedMark>[] {
  return [
    { title: 'Time', cell: ({ mark }) => <span class="mono">{clockTime(mark.fromMs, nowMs)}</span> },
    { title: 'Row', cell: ({ row }) => row.label },
    { title: 'What', kind: 'grow', cell: ({ mark }) => mark.text },
  ];
}
