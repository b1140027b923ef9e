import { useEffect, useRef, useState } from 'preact/hooks';
import type { AppView, EndpointView } from '../../../views/settings.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Empty, Notice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { plural } from '../format.ts';
import { hrefWith, route, setQuery } from '../router.ts';
import { mayChange, refresh, self } from '../session.ts';
import { EndpointCard } from './endpoint-card.tsx';
import { EndpointForm } from './endpoint-form.tsx';

const newOne = '+';

/** The section Webhooks: the endpoints of an app, and the form that adds or edits one. */
export function WebhooksSection({ app }: { readonly app: AppView }) {
  const [saved, setSaved] = useState<string | undefined>(undefined);
  const edited = route.value.query['edit'];
  const endpoint = app.endpoints.find(({ id, origin }) => id === edited && origin === 'run-time');
  const isOpen = mayChange.value && (edited === newOne || endpoint !== undefined);
  const close = () => setQuery({ edit: undefined });
  const cancel = () => {
    close();
    document.querySelector<HTMLElement>('#webhooks .section-head .button')?.focus();
  };
  const onSaved = ({ id }: EndpointView) => {
    void refresh().then(() => {
      setSaved(id);
      close();
      return undefined;
    });
  };
  return (
    <Section
      id="webhooks"
      title="Webhooks"
      lead="Each endpoint receives the events that it selects, as soon as it is saved."
      actions={
        mayChange.value ? (
          <ButtonLink kind="primary" icon="plus" href={hrefWith({ edit: newOne })}>
            Add endpoint
          </ButtonLink>
        ) : (
          <Button kind="primary" icon="plus" changes>
            Add endpoint
          </Button>
        )
      }
    >
      <KeptNotice app={app} />
      {saved !== undefined && !isOpen && <Saved id={saved} />}
      {isOpen && (
        <EndpointForm key={edited} app={app.id} endpoint={endpoint} onSaved={onSaved} onCancel={cancel} />
      )}
      {app.endpoints.length === 0 && !isOpen && (
        <Empty title="No endpoint yet">Enter the URL of your backend, select event types, and save.</Empty>
      )}
      <ul class="cards">
        {app.endpoints.map((one) => (
          <EndpointCard key={one.id} app={app.id} endpoint={one} editHref={hrefWith({ edit: one.id })} />
        ))}
      </ul>
    </Section>
  );
}

function Saved({ id }: { readonly id: string }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => element.current?.focus(), []);
  return (
    <div role="status" ref={element} tabIndex={-1}>
      <Notice kind={self.value?.savedIn === 'memory' ? 'warn' : 'good'} title={`Saved ${id}.`}>
        <span>It is active now. {keptSentence(self.value?.savedIn)}</span>
      </Notice>
    </div>
  );
}

/** A warning that endpoints are lost when the process stops. */
function KeptNotice({ app }: { readonly app: AppView }) {
  const ownOnes = app.endpoints.filter(({ origin }) => origin === 'run-time').length;
  if (self.value?.savedIn !== 'memory' || ownOnes === 0) return null;
  return (
    <p class="hint">
      {plural(ownOnes, 'endpoint')} of these {ownOnes === 1 ? 'was' : 'were'} added at run time.{' '}
      {keptSentence('memory')}
    </p>
  );
}

/** Where settings that were made at run time are kept, and for how long. */
export function keptSentence(savedIn: 'memory' | 'disk' | 'redis' | undefined): string {
  switch (savedIn) {
    case 'memory':
      return 'Settings made here are lost when the process stops. To keep them, export them or configure a store.';
    case 'disk':
      return 'Settings made here are kept on disk across restarts.';
    case 'redis':
      return 'Settings made here are kept in Redis and apply on every node.';
    case undefined:
      return 'It is not known where settings made here are kept.';
  }
}
