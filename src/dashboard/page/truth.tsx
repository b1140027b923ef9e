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

/** What an endpoint must believe by what it acknowledged, beside what is true; and what waits for it. */
export function TruthPage({ app }: PageProps) {
  const endpoints = appWithId(app)?.endpoints ?? [];
  const named = route.value.query['endpoint'];
  const endpoint = named ?? endpoints[0]?.id;
  return (
    <Page
      title="Truth"
      lead="What an endpoint must believe by what it acknowledged, beside what is true."
      actions={
        endpoint !== undefined && (
          <ButtonLink icon="deliveries" href={deliveriesLink(app, searchWord('endpoint', endpoint))}>
            Its deliveries
          </ButtonLink>
        )
      }
    >
      {endpoint === undefined ? (
        <Empty
          title="The app has no endpoint"
          action={<a href={href(['apps', app, 'settings'])}>Add one in Settings</a>}
        >
          This page says whether it knows the truth.
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
    : [{ value: chosen, text: `${chosen} (not known any more)` }, ...known];
}
