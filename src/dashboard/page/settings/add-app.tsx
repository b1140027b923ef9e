import { Page } from '../components/page.tsx';

export function AddAppPage() {
  return <Page title="Add an app">.</Page>;
}
