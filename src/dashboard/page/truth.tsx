import { Empty } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import type { PageProps } from './shell/pages.tsx';

/** Stands in for the page until it is built. */
export function TruthPage({ app }: PageProps) {
  return (
    <Page title="Truth">
      <Empty title="Nothing here yet">{app ?? 'All apps'}</Empty>
    </Page>
  );
}
