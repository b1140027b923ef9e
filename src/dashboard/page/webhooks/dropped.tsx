import { Page } from '../components/page.tsx';
import type { PageProps } from '../shell/pages.tsx';

export function DroppedPage({ app }: PageProps) {
  return <Page title="Dropped">{app}</Page>;
}
