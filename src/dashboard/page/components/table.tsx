import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { count } from '../format.ts';
import { Button } from './button.tsx';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /**
   * `end` is for numbers. `grow` takes the space that is left. `minor` is less important than other columns. `name` comes
   * first on a narrow screen.
   */
  readonly kind?: 'end' | 'grow' | 'minor' | 'name';
}

export interface TableProps<Row> {
  /** What the rows are, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** The target of a row. Its first cell becomes the link. */
  readonly linkOf?: (row: Row) => string;
  readonly selected?: string | number | undefined;
  /** Rows that are shown at first. */
  readonly window?: number;
}

/**
 * A table. Arrow keys move between rows, Enter opens one. It renders a limited number of rows and more on demand, so
 * that ten thousand rows cost nothing.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, window: step = 200 } = props;
  const [shown, setShown] = useState(step);
  return (
    <div class="table-frame">
      <table onKeyDown={moveByArrows}>
        <caption class="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {columns.map(({ title, kind = '' }) => (
              <th key={title} scope="col" class={kind}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map((row) => (
            <TableRow key={props.keyOf(row)} row={row} table={props} />
          ))}
        </tbody>
      </table>
      {rows.length > shown && (
        <p class="table-more">
          {count(shown)} of {count(rows.length)} shown.{' '}
          <Button kind="quiet" onClick={() => setShown(shown + step)}>
            Show {count(Math.min(step, rows.length - shown))} more
          </Button>
        </p>
      )}
    </div>
  );
}

function TableRow<Row>({ row, table }: { readonly row: Row; readonly table: TableProps<Row> }) {
  const { columns, keyOf, linkOf, selected } = table;
  const isSelected = selected !== undefined && keyOf(row) === selected;
  return (
    <tr
      class={`${linkOf === undefined ? '' : 'linked'}${isSelected ? ' selected' : ''}`}
      onClick={(event) => {
        if (linkOf === undefined || isOnControl(event.target) || hasTextSelected()) return;
        location.hash = linkOf(row);
      }}
    >
      {columns.map(({ title, cell, kind = '' }, index) => (
        <td key={title} class={kind} data-title={title}>
          {index === 0 && linkOf !== undefined ? (
            <a href={linkOf(row)} data-row aria-current={isSelected ? 'true' : undefined}>
              {cell(row)}
            </a>
          ) : (
            cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}

function moveByArrows(event: KeyboardEvent & { readonly currentTarget: HTMLTableElement }): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0 || !(event.target instanceof HTMLElement) || !event.target.matches('a[data-row]')) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-row]')];
  const next = links[links.indexOf(event.target) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function isOnControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a, button, input, select, summary') !== null;
}

function hasTextSelected(): boolean {
  return getSelection()?.isCollapsed === false;
}
