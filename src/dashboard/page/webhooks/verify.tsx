import { Page } from '../components/page.tsx';
import type { PageProps } from '../shell/pages.tsx';

export function VerifyPage({ app }: PageProps) {
  return <Page title="Verify">{app}</Page>;
}
