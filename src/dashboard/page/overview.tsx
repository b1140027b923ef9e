import { Empty } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import type { GlobalPageProps } from './shell/pages.tsx';

/** Stands in for the page until it is built. */
export function OverviewPage({ app }: GlobalPageProps) {
  return (
    <Page title="Overview">
      <Empty title="Nothing here yet">{app ?? 'All apps'}</Empty>
    </Page>
  );
}
