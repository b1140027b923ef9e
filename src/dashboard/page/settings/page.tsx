import { ButtonLink } from '../components/button.tsx';
import { Page } from '../components/page.tsx';
import { useFreshApps } from '../fresh-apps.ts';
import { appWithId } from '../session.ts';
import type { PageProps } from '../shell/pages.tsx';
import { ExportSection, RemoveSection } from './app-end.tsx';
import { KeysSection } from './keys.tsx';
import { LimitsSection, SwitchesSection } from './switches.tsx';
import { WebhooksSection } from './webhooks.tsx';

/** Settings of an app. */
export function SettingsPage({ app: id }: PageProps) {
  const app = appWithId(id);
  useFreshApps();
  if (app === undefined) return null;
  return (
    <Page
      title="Settings"
      lead={
        <>
          App <strong>{app.id}</strong>,{' '}
          {app.origin === 'file' ? 'set in the configuration file' : 'added at run time'}
        </>
      }
      actions={
        <ButtonLink icon="plus" href="#/add-app">
          Add an app
        </ButtonLink>
      }
    >
      <WebhooksSection app={app} />
      <KeysSection app={app} />
      <SwitchesSection app={app} />
      <LimitsSection app={app} />
      <ExportSection />
      <RemoveSection app={app} />
    </Page>
  );
}
