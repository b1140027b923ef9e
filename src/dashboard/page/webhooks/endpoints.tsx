import { Page } from '../components/page.tsx';
import type { PageProps } from '../shell/pages.tsx';

export function EndpointsPage({ app }: PageProps) {
  return <Page title="Endpoints">{app}</Page>;
}
