import { Page } from '../components/page.tsx';
import type { PageProps } from '../shell/pages.tsx';

export function SettingsPage({ app }: PageProps) {
  return <Page title="Settings">{app}</Page>;
}
