import { Empty } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import type { GlobalPageProps } from './shell/pages.tsx';

/** Stands in for the page until it is built. */
export function ClockPage({ app }: GlobalPageProps) {
  return (
    <Page title="Clock">
      <Empty title="Nothing here yet">{app ?? 'All apps'}</Empty>
    </Page>
  );
}
