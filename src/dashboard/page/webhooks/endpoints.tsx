import { ButtonLink } from '../components/button.tsx';
import { Empty } from '../components/notice.tsx';
import { Page } from '../components/page.tsx';
import { plural } from '../format.ts';
import { useFreshApps } from '../fresh-apps.ts';
import { href } from '../router.ts';
import { appWithId, onThisNode } from '../session.ts';
import { EndpointCard, stateOf } from '../settings/endpoint-card.tsx';
import type { PageProps } from '../shell/pages.tsx';

/** The endpoints of an app, with the state of each. */
export function EndpointsPage({ app: id }: PageProps) {
  const app = appWithId(id);
  useFreshApps();
  if (app === undefined) return null;
  const settings = (query: Readonly<Record<string, string>> = {}) => href(['apps', id, 'settings'], query);
  const failing = app.endpoints.filter((endpoint) => stateOf(endpoint).tone === 'bad').length;
  return (
    <Page
      title="Endpoints"
      lead={
        failing === 0
          ? `${plural(app.endpoints.length, 'endpoint')}, none of them failing${onThisNode.value}`
          : `${plural(app.endpoints.length, 'endpoint')}, ${failing} failing${onThisNode.value}`
      }
      actions={
        <ButtonLink kind="primary" icon="plus" href={settings({ edit: '+' })}>
          Add endpoint
        </ButtonLink>
      }
    >
      {app.endpoints.length === 0 && (
        <Empty title="No endpoint yet" action={<a href={settings({ edit: '+' })}>Add an endpoint</a>}>
          This app sends no webhooks.
        </Empty>
      )}
      <h2 class="visually-hidden">All endpoints</h2>
      <ul class="cards">
        {app.endpoints.map((endpoint) => (
          <EndpointCard
            key={endpoint.id}
            app={id}
            endpoint={endpoint}
            editHref={settings({ edit: endpoint.id })}
          />
        ))}
      </ul>
    </Page>
  );
}
