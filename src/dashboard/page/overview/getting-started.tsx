import type { SelfView } from '../../../views/server.ts';
import type { AppView } from '../../../views/settings.ts';
import { ButtonLink } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { Section } from '../components/page.tsx';
import { consoleLink } from '../links.ts';
import { href } from '../router.ts';
import { useReference } from '../use-reference.ts';
import { filled } from './snippets.ts';

interface GettingStartedProps {
  readonly app: AppView;
  readonly address: SelfView['address'];
}

/** The first steps, with this server's own key and address. */
export function GettingStarted({ app, address }: GettingStartedProps) {
  const key = app.keys.find(({ isFirst }) => isFirst)?.key ?? app.keys[0]?.key ?? 'KEY';
  const facts = { appId: app.id, key, address, pageHost: location.hostname };
  const snippets = useReference().value?.snippets;
  const settings = href(['apps', app.id, 'settings']);
  return (
    <Section title="Nothing has happened yet" lead="Three steps to the first webhook.">
      <ol class="steps">
        <li>
          <h3>Connect a client</h3>
          <Code label="pusher-js" text={filled(snippets?.client ?? '', facts)} />
        </li>
        <li>
          <h3>Publish an event</h3>
          <Code label="pusher for Node" text={filled(snippets?.server ?? '', facts)} />
          <p>
            The secret is in <a href={settings}>Settings</a>, under Keys. You can also send an event from the{' '}
            <a href={consoleLink(app.id)}>Debug console</a>.
          </p>
        </li>
        <li>
          <h3>Add an endpoint</h3>
          <p>Under Webhooks, enter the URL of your backend, select event types, and save.</p>
          <ButtonLink kind="primary" href={settings}>
            Open Settings
          </ButtonLink>
        </li>
      </ol>
    </Section>
  );
}
