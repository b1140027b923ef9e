import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleRow } from '../../../views/server.ts';
import { Button } from '../components/button.tsx';
import { Tag } from '../components/tag.tsx';
import { clockTime, count, plural } from '../format.ts';
import { route, setQuery } from '../router.ts';
import { now } from '../time.ts';
import type { TailLine } from './console-tail.ts';
import { RowDetail } from './row-detail.tsx';
import { toneOf } from './types.ts';

const step = 200;

interface RowListProps {
  readonly lines: readonly TailLine[];
  /** If absent, the rows are of several apps, and each shows its app. */
  readonly app: string | undefined;
  readonly replay: (row: ConsoleRow) => void;
  readonly onScrolled: (isScrolled: boolean) => void;
}

/** The rows, newest first. A row opens in place. */
export function RowList({ lines, app, replay, onScrolled }: RowListProps) {
  const [shown, setShown] = useState(step);
  const list = useRef<HTMLOListElement>(null);
  useScrolled(list, onScrolled);
  const chosen = route.value.query['row'];
  const chosenAt = lines.findIndex(({ key }) => key === chosen);
  const most = chosenAt === -1 ? shown : Math.max(shown, lines.length - chosenAt);
  const newestFirst = lines.slice(-most).toReversed();
  const firstKey = newestFirst.find(({ kind }) => kind === 'row')?.key;
  return (
    <>
      <ol class="rows" ref={list} aria-label="Rows, newest first" onKeyDown={moveByArrows}>
        {newestFirst.map((line) =>
          line.kind !== 'row' ? (
            <li key={line.key} class="row-gap">
              {gapText(line)}
            </li>
          ) : (
            <Row
              key={line.key}
              id={line.key}
              row={line.row}
              showsApp={app === undefined}
              isOpen={chosen === line.key}
              isFirst={line.key === firstKey}
              replay={replay}
            />
          ),
        )}
      </ol>
      {lines.length > most && (
        <p class="table-more">
          {count(most)} of {count(lines.length)} rows shown.{' '}
          <Button kind="quiet" onClick={() => setShown(most + step)}>
            Show more
          </Button>
        </p>
      )}
    </>
  );
}

function gapText(line: Exclude<TailLine, { readonly kind: 'row' }>): string {
  switch (line.kind) {
    case 'gap':
      return `Skipped ${plural(line.skipped, 'row')}, because too much happened at once`;
    case 'missing':
      return 'Rows may be missing here, because the page did not receive them in time';
    case 'restart':
      return 'The server restarted. Rows from just before the restart may be missing';
  }
}

interface RowProps {
  readonly id: string;
  readonly row: ConsoleRow;
  readonly showsApp: boolean;
  readonly isOpen: boolean;
  /** The Tab key stops at one row of the list only. Arrow keys move on from there. */
  readonly isFirst: boolean;
  readonly replay: (row: ConsoleRow) => void;
}

function Row({ id, row, showsApp, isOpen, isFirst, replay }: RowProps) {
  const endpoint = row.details?.['endpoint'];
  return (
    <li class={isOpen ? 'row open' : 'row'}>
      <button
        type="button"
        class="row-head"
        data-row
        tabIndex={isFirst || isOpen ? 0 : -1}
        aria-expanded={isOpen}
        onClick={() => setQuery({ row: isOpen ? undefined : id })}
      >
        <time class="mono row-time" dateTime={new Date(row.atMs).toISOString()}>
          {clockTime(row.atMs, now.peek())}
        </time>
        <span class="row-type">
          <Tag tone={toneOf[row.type]}>{row.type}</Tag>
        </span>
        <span class="row-text">
          {showsApp && row.appId !== '' && <span class="muted">{row.appId} </span>}
          <About value={row.channel} text={row.text} />
          <About value={typeof endpoint === 'string' ? endpoint : row.name} text={row.text} />
          {row.text}
        </span>
      </button>
      {isOpen && <RowDetail row={row} replay={replay} />}
    </li>
  );
}

/** What the row is about, unless its text contains it. */
function About({ value, text }: { readonly value: string | undefined; readonly text: string }) {
  if (value === undefined || text.includes(value)) return null;
  return <span class="row-about">{value}</span>;
}

function moveByArrows(event: KeyboardEvent & { readonly currentTarget: HTMLOListElement }): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const isEscape = event.key === 'Escape';
  if (isEscape) setQuery({ row: undefined });
  if (by === 0 || !(event.target instanceof HTMLElement) || !event.target.matches('[data-row]')) return;
  const heads = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')];
  const next = heads[heads.indexOf(event.target) + by];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** Reports whether the top of the list has been scrolled out of view. The list must not move then. */
function useScrolled(
  list: { readonly current: HTMLElement | null },
  onScrolled: (isScrolled: boolean) => void,
): void {
  const last = useRef(false);
  useEffect(() => {
    const look = () => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const isScrolled = top < 40;
      if (isScrolled !== last.current) {
        last.current = isScrolled;
        onScrolled(isScrolled);
      }
    };
    addEventListener('scroll', look, { passive: true });
    return () => {
      removeEventListener('scroll', look);
      onScrolled(false);
    };
  }, []);
}
