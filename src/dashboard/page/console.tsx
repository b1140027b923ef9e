import { useLayoutEffect, useState } from 'preact/hooks';
import type { ConsoleRow } from '../../views/server.ts';
import { Button } from './components/button.tsx';
import { Empty, ErrorNotice, Loading, Notice } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import { SearchBox } from './components/search-box.tsx';
import { Creator } from './console/creator.tsx';
import { draftOf, emptyDraft, type Draft } from './console/creator-draft.ts';
import { RowList } from './console/row-list.tsx';
import { Top, TypeChoice } from './console/side.tsx';
import { queryOfTypes, typesOf } from './console/types.ts';
import { useTail, type TailControl } from './console/use-tail.ts';
import { count, duration } from './format.ts';
import { useKeyboardRow } from './keyboard-row.ts';
import { route, setQuery } from './router.ts';
import { onThisNode } from './session.ts';
import type { GlobalPageProps } from './shell/pages.tsx';
import { now } from './time.ts';

/** The debug console: rows as they happen, and those that the server has kept. */
export function ConsolePage({ app }: GlobalPageProps) {
  const { q, types: typesText, row } = route.value.query;
  const types = typesOf(typesText);
  const control = useTail({ app, types, q });
  const [isPaused, setPaused] = useState(false);
  const [isScrolled, setScrolled] = useState(false);
  const [draft, setDraft] = useState<Draft | undefined>(undefined);
  const { isOnRow, handlers } = useKeyboardRow();
  const isHeld = isPaused || isScrolled || isOnRow || isOpen(row, control);
  // An effect after the paint would be too late for rows that arrive meanwhile.
  useLayoutEffect(() => {
    if (isHeld) control.hold();
    else control.release();
  }, [isHeld]);

  const replay = (published: ConsoleRow) => {
    setDraft(draftOf(published));
    scrollTo({ top: 0 });
  };
  return (
    <Page
      title="Debug console"
      lead={<History control={control} />}
      actions={
        <>
          <Button icon="send" changes onClick={() => setDraft(draft === undefined ? emptyDraft : undefined)}>
            Event creator
          </Button>
          <Button icon={isPaused ? 'play' : 'pause'} onClick={() => setPaused(!isPaused)}>
            {isPaused ? 'Resume' : 'Pause'}
          </Button>
          <Button
            onClick={() => {
              control.clear();
              setQuery({ row: undefined });
            }}
          >
            Clear
          </Button>
        </>
      }
    >
      {draft !== undefined && (
        <Creator app={app} draft={draft} onChange={setDraft} onClose={() => setDraft(undefined)} />
      )}
      <div class="console">
        <div class="console-main" {...handlers}>
          <SearchBox
            label="Search the console"
            value={q ?? ''}
            onSearch={(text) => setQuery({ q: text, row: undefined })}
            placeholder="channel:orders event:paid -refused"
            keys="console"
            error={control.error?.status === 400 ? control.error : undefined}
          />
          {control.error !== undefined && control.error.status !== 400 && (
            <ErrorNotice error={control.error} title="The console could not be loaded" />
          )}
          <Held control={control} isPaused={isPaused} />
          <Rows control={control} app={app} replay={replay} onScrolled={setScrolled} />
        </div>
        <aside class="console-side" aria-label="Types and most frequent values">
          <TypeChoice
            chosen={types}
            onChange={(chosen) => setQuery({ types: queryOfTypes(chosen), row: undefined })}
          />
          <Top lines={control.tail.lines} q={q} />
        </aside>
      </div>
    </Page>
  );
}

/** Whether this row is open, or may be among those that are being loaded. */
function isOpen(row: string | undefined, { tail, isLoading }: TailControl): boolean {
  return row !== undefined && (isLoading || tail.lines.some(({ key }) => key === row));
}

function History({ control }: { readonly control: TailControl }) {
  const { keptSinceMs } = control.tail;
  if (keptSinceMs === undefined) return <>Live, newest first.</>;
  return (
    <>
      Live, newest first. The last {duration(Math.max(1000, now.value - keptSinceMs))} are kept
      {onThisNode.value}.
    </>
  );
}

function Held({ control, isPaused }: { readonly control: TailControl; readonly isPaused: boolean }) {
  const { isHeld, waitingCount } = control.tail;
  const show = () => {
    control.flush();
    scrollTo({ top: 0 });
  };
  return (
    <div class="held" role="status">
      {isHeld && waitingCount > 0 && (
        <Button kind="primary" onClick={show}>
          {count(waitingCount)} new
        </Button>
      )}
      {isPaused && waitingCount === 0 && <span class="muted">Paused. New rows will be counted here.</span>}
    </div>
  );
}

interface RowsProps {
  readonly control: TailControl;
  readonly app: string | undefined;
  readonly replay: (row: ConsoleRow) => void;
  readonly onScrolled: (isScrolled: boolean) => void;
}

function Rows({ control, app, replay, onScrolled }: RowsProps) {
  const { tail, isLoading, hasOlder } = control;
  if (tail.lines.length === 0)
    return isLoading ? (
      <Loading what="the console" />
    ) : (
      <Empty title="No rows">New rows appear here immediately.</Empty>
    );
  return (
    <>
      <RowList lines={tail.lines} app={app} replay={replay} onScrolled={onScrolled} />
      {hasOlder ? (
        <p class="console-older">
          <Button isBusy={isLoading} onClick={control.readOlder}>
            Show older rows
          </Button>
        </p>
      ) : (
        <Notice>The server keeps no older rows.</Notice>
      )}
    </>
  );
}
