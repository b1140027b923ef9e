import { useEffect } from 'preact/hooks';
import type { OverviewView, SelfView } from '../../views/server.ts';
import { api } from './api.ts';
import { ErrorNotice, Loading, Notice } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import { useNews } from './live-reload.ts';
import { useResource } from './resource.ts';
import { apps, appWithId, self } from './session.ts';
import { stats } from './stream.ts';
import type { GlobalPageProps } from './shell/pages.tsx';
import { now } from './time.ts';
import { GettingStarted } from './overview/getting-started.tsx';
import { Numbers } from './overview/numbers.tsx';
import { Health, Queues, Refusals, ServerFacts } from './overview/parts.tsx';

/** What this node does now, and what it did in the last hour. */
export function OverviewPage({ app }: GlobalPageProps) {
  const overview = useResource('overview', (signal) => api.overview(signal));
  const { value, error, reload } = overview;
  useNews({ app, types: ['setting'] }, overview);
  // The stream carries the current numbers but not the history, which grows by one step at a time.
  const stepMs = value?.series?.stepMs ?? 60_000;
  const step = Math.floor(now.value / stepMs);
  useEffect(() => {
    if (value !== undefined) reload();
  }, [step]);
  const newest = latest(value, stats.value);
  return (
    <Page title="Overview" lead="All apps of this node, now and in the last hour.">
      <ErrorNotice error={error} title="The overview could not be loaded" onRetry={reload} />
      {newest === undefined && error === undefined && <Loading what="the overview" />}
      {newest !== undefined && <Content overview={newest} series={value?.series} app={app} />}
    </Page>
  );
}

interface ContentProps {
  readonly overview: OverviewView;
  readonly series: OverviewView['series'];
  readonly app: string | undefined;
}

function Content({ overview, series, app }: ContentProps) {
  const server = self.value;
  const start = appWithId(app) ?? apps.value[0];
  return (
    <>
      {server?.lost !== undefined && (
        <Notice kind="warn" title="Stored data was lost">
          <span>{server.lost}</span>
        </Notice>
      )}
      {server !== undefined &&
        start !== undefined &&
        (server.starts ?? 1) === 1 &&
        isUntouched(overview, series) && <GettingStarted app={start} address={server.address} />}
      <Numbers overview={overview} series={series} />
      <div class="columns">
        <Queues overview={overview} />
        <Health overview={overview} />
        <Refusals overview={overview} />
        {server !== undefined && <ServerFacts server={server} />}
      </div>
      {server !== undefined && <Limits server={server} />}
    </>
  );
}

function Limits({ server }: { readonly server: SelfView }) {
  if (server.notes.length === 0) return null;
  return (
    <Notice title="Notes on this node">
      <ul>
        {server.notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </Notice>
  );
}

/** The newer of the loaded view and the streamed one. */
function latest(
  loaded: OverviewView | undefined,
  streamed: OverviewView | undefined,
): OverviewView | undefined {
  if (loaded === undefined || streamed === undefined) return loaded ?? streamed;
  return streamed.nowMs >= loaded.nowMs ? streamed : loaded;
}

function isUntouched(overview: OverviewView, series: OverviewView['series']): boolean {
  if (overview.connections > 0 || overview.occupiedChannels > 0 || series === undefined) return false;
  return [...series.connections, ...series.published, ...series.received].every((value) => value === 0);
}
