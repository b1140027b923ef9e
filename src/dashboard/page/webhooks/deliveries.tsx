import { Page } from '../components/page.tsx';
import type { PageProps } from '../shell/pages.tsx';

export function DeliveriesPage({ app }: PageProps) {
  return <Page title="Deliveries">{app}</Page>;
}
