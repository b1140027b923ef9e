import type { ComponentChild } from 'preact';
import { ChannelsPage } from '../channels.tsx';
import { ClockPage } from '../clock.tsx';
import { Empty } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { ConsolePage } from '../console.tsx';
import { EventsPage } from '../events.tsx';
import { OverviewPage } from '../overview.tsx';
import { routeApp } from '../router.ts';
import { appWithId, apps } from '../session.ts';
import { SettingsPage } from '../settings/page.tsx';
import { AddAppPage } from '../settings/add-app.tsx';
import { TruthPage } from '../truth.tsx';
import { DeliveriesPage } from '../webhooks/deliveries.tsx';
import { DroppedPage } from '../webhooks/dropped.tsx';
import { EndpointsPage } from '../webhooks/endpoints.tsx';
import { VerifyPage } from '../webhooks/verify.tsx';
import { pagePath } from './nav.ts';

/** The properties of a page: the app, and the rest of the path after the name of the page. */
export interface PageProps {
  readonly app: string;
  readonly rest: readonly string[];
}

/** The properties of a page that can show all apps together. */
export interface GlobalPageProps {
  readonly app: string | undefined;
  readonly rest: readonly string[];
}

/** The page that the route names. */
export function CurrentPage() {
  const app = routeApp.value;
  const [name = 'overview', ...rest] = pagePath.value;
  if (app !== undefined && appWithId(app) === undefined) return <UnknownApp id={app} />;
  return globalPage(name, { app, rest }) ?? (app === undefined ? <NoApp /> : appPage(name, { app, rest }));
}

function globalPage(name: string, props: GlobalPageProps): ComponentChild {
  switch (name) {
    case 'overview':
      return <OverviewPage {...props} />;
    case 'console':
      return <ConsolePage {...props} />;
    case 'clock':
      return <ClockPage {...props} />;
    case 'add-app':
      return <AddAppPage />;
    default:
      return undefined;
  }
}

function appPage(name: string, { app, rest }: PageProps): ComponentChild {
  const props = { key: app, app, rest };
  switch (name) {
    case 'channels':
      return <ChannelsPage {...props} />;
    case 'events':
      return <EventsPage {...props} />;
    case 'truth':
      return <TruthPage {...props} />;
    case 'settings':
      return <SettingsPage {...props} />;
    case 'webhooks':
      return webhooksPage({ app, rest });
    default:
      return <UnknownPage />;
  }
}

function webhooksPage({ app, rest: [name, ...rest] }: PageProps): ComponentChild {
  const props = { key: app, app, rest };
  switch (name) {
    case undefined:
    case 'endpoints':
      return <EndpointsPage {...props} />;
    case 'deliveries':
      return <DeliveriesPage {...props} />;
    case 'dropped':
      return <DroppedPage {...props} />;
    case 'verify':
      return <VerifyPage {...props} />;
    default:
      return <UnknownPage />;
  }
}

function UnknownPage() {
  return (
    <Page title="Page not found">
      <Empty title="No page has this address">It may be misspelt, or belong to another version.</Empty>
    </Page>
  );
}

function UnknownApp({ id }: { readonly id: string }) {
  return (
    <Page title="App not found">
      <Empty title={`No app has the id ${id}`}>
        It may have been removed. {apps.value.length > 0 && 'Choose another one above.'}
      </Empty>
    </Page>
  );
}

function NoApp() {
  return (
    <Page title="No app yet">
      <Empty title="Add an app first" action={<a href="#/add-app">Add an app</a>}>
        Clients and backends use an app with its key.
      </Empty>
    </Page>
  );
}
