import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TimelineView } from '../../../views/channels.ts';
import { Button } from '../components/button.tsx';
import { axisTime, clockTime } from '../format.ts';
import { layOut, pan, zoom, type Mark, type TimelineRow, type TimeWindow } from './timeline-layout.ts';
import { Bar, laneHeight, Legend, Point, TimelinePatterns } from './timeline-marks.tsx';
import { TimelineTable, type PlacedMark } from './timeline-table.tsx';

/** The properties of a timeline. */
export interface TimelineProps {
  readonly view: TimelineView;
  /** The server's time. Spans that have not ended are drawn up to it. */
  readonly nowMs: number;
  readonly eventHref: (id: number) => string;
  readonly deliveryHref: (id: string) => string;
}

/** The history of a channel, its members and its deliveries. Keys and buttons zoom and pan it. */
export function Timeline({ view, nowMs, eventHref, deliveryHref }: TimelineProps) {
  const bounds = boundsOf(view, nowMs);
  const [given, setWindow] = useState<TimeWindow | undefined>(undefined);
  const window = given ?? bounds;
  const [lanes, width] = useWidth();
  const layout = useMemo(
    () => layOut(view, { window, width, nowMs }),
    [view, nowMs, width, window.fromMs, window.toMs],
  );
  const all = useMemo(() => inOrder(layout.rows), [layout]);
  // The chosen mark is kept as it was: otherwise a screen reader would read a growing bar aloud every second.
  const [chosen, setChosen] = useState<PlacedMark | undefined>(undefined);
  const at = chosen === undefined ? -1 : all.findIndex((one) => isSame(one, chosen));

  const actions: Actions = {
    zoomBy: (factor) => setWindow(zoom(centred(window, chosen?.mark), factor, bounds)),
    panBy: (part) => setWindow(pan(window, part, bounds)),
    showAll: () => setWindow(undefined),
    step: (by) => setChosen(all[stepFrom(at, by, all.length)]),
  };
  const choose = (mark: Mark) => setChosen(all.find((one) => one.mark === mark));

  return (
    <section class="timeline" aria-label={`Timeline of ${view.channel}`}>
      <TimelinePatterns />
      <Controls actions={actions} isWhole={given === undefined} />
      <div
        class="tl-rows"
        role="application"
        tabIndex={0}
        aria-label="Timeline. Arrow keys move between marks. Shift with arrow keys pans. Plus and minus zoom. 0 shows all."
        onKeyDown={(event) => onKey(event, actions)}
      >
        <Axis axis={layout.axis} window={window} lanes={lanes} nowMs={nowMs} />
        {layout.rows.map((row) => (
          <Row
            key={`${row.kind} ${row.label}`}
            row={row}
            width={width}
            chosen={all[at]?.mark}
            choose={choose}
          />
        ))}
      </div>
      <p class="tl-detail" aria-live="polite">
        <Detail chosen={chosen} nowMs={nowMs} eventHref={eventHref} deliveryHref={deliveryHref} />
      </p>
      <Notes
        view={view}
        nowMs={nowMs}
        hiddenMembers={layout.hiddenMembers}
        isAggregated={layout.isAggregated}
      />
      <Legend />
      <TimelineTable marks={all} nowMs={nowMs} />
    </section>
  );
}

interface Actions {
  readonly zoomBy: (factor: number) => void;
  readonly panBy: (part: number) => void;
  readonly showAll: () => void;
  readonly step: (by: number) => void;
}

function onKey(event: KeyboardEvent, actions: Actions): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isDone = runKey(event.key, event.shiftKey, actions);
  if (isDone) event.preventDefault();
}

function runKey(key: string, isShifted: boolean, { zoomBy, panBy, showAll, step }: Actions): boolean {
  switch (key) {
    case 'ArrowRight':
      if (isShifted) panBy(0.25);
      else step(1);
      return true;
    case 'ArrowLeft':
      if (isShifted) panBy(-0.25);
      else step(-1);
      return true;
    case 'Home':
      step(-Infinity);
      return true;
    case 'End':
      step(Infinity);
      return true;
    case '+':
    case '=':
      zoomBy(0.5);
      return true;
    case '-':
      zoomBy(2);
      return true;
    case '0':
      showAll();
      return true;
    default:
      return false;
  }
}

function stepFrom(at: number, by: number, count: number): number {
  if (at === -1) return by < 0 && by !== -Infinity ? count - 1 : by === Infinity ? count - 1 : 0;
  return Math.max(0, Math.min(count - 1, at + by));
}

/** Whether two marks are the same one, even if it has grown longer. */
function isSame(one: PlacedMark, other: PlacedMark): boolean {
  return identityOf(one) === identityOf(other);
}

function identityOf({ row, mark }: PlacedMark): string {
  return [row.kind, row.label, mark.shape, mark.fromMs, mark.eventId, mark.deliveryId].join(' ');
}

/** The window, moved so that the mark is in its middle. */
function centred(window: TimeWindow, mark: Mark | undefined): TimeWindow {
  if (mark === undefined) return window;
  const half = (window.toMs - window.fromMs) / 2;
  return { fromMs: mark.fromMs - half, toMs: mark.fromMs + half };
}

function Controls({ actions, isWhole }: { readonly actions: Actions; readonly isWhole: boolean }) {
  const { zoomBy, panBy, showAll } = actions;
  return (
    <div class="tl-controls" role="group" aria-label="Zoom and pan">
      <Button label="Zoom in" onClick={() => zoomBy(0.5)}>
        +
      </Button>
      <Button label="Zoom out" onClick={() => zoomBy(2)} isDisabled={isWhole}>
        −
      </Button>
      <Button label="Earlier" onClick={() => panBy(-0.5)} isDisabled={isWhole}>
        ←
      </Button>
      <Button label="Later" onClick={() => panBy(0.5)} isDisabled={isWhole}>
        →
      </Button>
      <Button onClick={showAll} isDisabled={isWhole}>
        Show all
      </Button>
    </div>
  );
}

interface AxisProps {
  readonly axis: readonly { readonly x: number; readonly atMs: number }[];
  readonly window: TimeWindow;
  readonly lanes: { readonly current: HTMLDivElement | null };
  readonly nowMs: number;
}

function Axis({ axis, window, lanes, nowMs }: AxisProps) {
  return (
    <div class="tl-row tl-axis" aria-hidden="true">
      <span class="tl-label" />
      <div class="tl-lane" ref={lanes}>
        <svg height={laneHeight}>
          {axis.map(({ x, atMs }) => (
            <g key={atMs} transform={`translate(${x} 0)`}>
              <line y1={18} y2={laneHeight} />
              <text y={13}>{axisTime(atMs, window, nowMs)}</text>
            </g>
          ))}
        </svg>
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: TimelineRow;
  readonly width: number;
  readonly chosen: Mark | undefined;
  readonly choose: (mark: Mark) => void;
}

function Row({ row, width, chosen, choose }: RowProps) {
  return (
    <div class={`tl-row tl-${row.kind}`} aria-hidden="true">
      <span class="tl-label" title={row.label}>
        {row.label}
      </span>
      <div class="tl-lane">
        <svg width={width} height={laneHeight}>
          {[...row.bars, ...row.points].map((mark, index) => (
            <g
              key={`${mark.fromMs} ${mark.text}`}
              class={mark === chosen ? 'tl-chosen' : ''}
              onPointerEnter={() => choose(mark)}
              onClick={() => choose(mark)}
            >
              {index < row.bars.length ? <Bar mark={mark} /> : <Point mark={mark} />}
            </g>
          ))}
        </svg>
      </div>
    </div>
  );
}

interface DetailProps {
  readonly chosen: PlacedMark | undefined;
  readonly nowMs: number;
  readonly eventHref: (id: number) => string;
  readonly deliveryHref: (id: string) => string;
}

function Detail({ chosen, nowMs, eventHref, deliveryHref }: DetailProps) {
  if (chosen === undefined)
    return <span class="muted">Point at a mark, or select it with the arrow keys.</span>;
  const { row, mark } = chosen;
  return (
    <>
      <time>{clockTime(mark.fromMs, nowMs)}</time> <strong>{row.label}</strong> {mark.text}{' '}
      {mark.eventId !== undefined && <a href={eventHref(mark.eventId)}>Why</a>}
      {mark.deliveryId !== undefined && <a href={deliveryHref(mark.deliveryId)}>Delivery</a>}
    </>
  );
}

interface NotesProps {
  readonly view: TimelineView;
  readonly nowMs: number;
  readonly hiddenMembers: number;
  readonly isAggregated: boolean;
}

function Notes({ view, nowMs, hiddenMembers, isAggregated }: NotesProps) {
  return (
    <p class="tl-notes muted">
      Recorded since {clockTime(view.keptSinceMs, nowMs)}. Earlier facts are not known.
      {view.skipped > 0 && ` ${view.skipped} facts were not recorded, because too much happened at once.`}
      {hiddenMembers > 0 && ` ${hiddenMembers} more members are not drawn.`}
      {isAggregated && ' Some marks combine several. Zoom in to see each.'}
    </p>
  );
}

function boundsOf(view: TimelineView, nowMs: number): TimeWindow {
  const deadlines = view.rows.flatMap(({ spans }) =>
    spans.filter(({ toMs }) => toMs === undefined).map(({ deadlineMs }) => deadlineMs ?? 0),
  );
  const toMs = Math.max(view.toMs, nowMs, ...deadlines);
  return { fromMs: Math.min(view.fromMs, toMs - 1000), toMs };
}

/** All marks in the order of their time, for the arrow keys. */
function inOrder(rows: readonly TimelineRow[]): readonly PlacedMark[] {
  return rows
    .flatMap((row) => [...row.bars, ...row.points].map((mark) => ({ row, mark })))
    .toSorted((a, b) => a.mark.fromMs - b.mark.fromMs);
}

/** The current width of an element. */
function useWidth(): readonly [{ readonly current: HTMLDivElement | null }, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(100, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
