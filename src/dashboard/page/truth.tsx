import type { EndpointView } from '../../views/settings.ts';
import { ButtonLink } from './components/button.tsx';
import { Choice } from './components/field.tsx';
import { Empty } from './components/notice.tsx';
import { Page } from './components/page.tsx';
import { deliveriesLink, searchWord } from './links.ts';
import { href, route, setQuery } from './router.ts';
import { appWithId } from './session.ts';
import type { PageProps } from './shell/pages.tsx';
import { Lanes } from './truth/lanes.tsx';
import { TruthOf } from './truth/truth-of.tsx';

/** Compares what an endpoint must believe after the webhooks that it acknowledged with the true state. */
export function TruthPage({ app }: PageProps) {
  const endpoints = appWithId(app)?.endpoints ?? [];
  const named = route.value.query['endpoint'];
  const endpoint = named ?? endpoints[0]?.id;
  return (
    <Page
      title="Truth"
      lead="Compares what an endpoint believes, judging by the webhooks it acknowledged, with the true state."
      actions={
        endpoint !== undefined && (
          <ButtonLink icon="deliveries" href={deliveriesLink(app, searchWord('endpoint', endpoint))}>
            Deliveries
          </ButtonLink>
        )
      }
    >
      {endpoint === undefined ? (
        <Empty
          title="The app has no endpoint"
          action={<a href={href(['apps', app, 'settings'])}>Add one in Settings</a>}
        >
          This page shows whether an endpoint knows the true state.
        </Empty>
      ) : (
        <>
          <div class="toolbar">
            <Choice
              label="Endpoint"
              value={endpoint}
              options={optionsOf(endpoints, endpoint)}
              onChange={(id) => setQuery({ endpoint: id })}
            />
          </div>
          <TruthOf key={`truth ${endpoint}`} app={app} endpoint={endpoint} />
          <Lanes key={`lanes ${endpoint}`} app={app} endpoint={endpoint} />
        </>
      )}
    </Page>
  );
}

function optionsOf(endpoints: readonly EndpointView[], chosen: string) {
  const known = endpoints.map(({ id, url }) => ({ value: id, text: `${id} (${url})` }));
  return endpoints.some(({ id }) => id === chosen)
    ? known
    : [{ value: chosen, text: `${chosen} (deleted)` }, ...known];
}
