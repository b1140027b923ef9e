import type { AppView } from '../../../views/settings.ts';
import { api } from '../api.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { Code } from '../components/code.tsx';
import { confirmed } from '../components/confirm.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { Section } from '../components/page.tsx';
import { toast } from '../components/toast.tsx';
import { plural } from '../format.ts';
import { useAction, useReloadOn, useResource } from '../resource.ts';
import { go, hrefWith, route, setQuery } from '../router.ts';
import { apps, refresh, self } from '../session.ts';
import { keptSentence } from './webhooks.tsx';

/** The settings that were made at run time, in the format of the configuration file. */
export function ExportSection() {
  const isShown = route.value.query['export'] !== undefined;
  const exported = useResource(isShown ? 'export' : undefined, api.exported);
  useReloadOn(apps.value, exported.reload);
  const text = exported.value === undefined ? undefined : `${JSON.stringify(exported.value, null, 2)}\n`;
  return (
    <Section
      title="Export"
      lead={`Settings of all apps that were made at run time, in the format of the configuration file. ${keptSentence(self.value?.savedIn)}`}
      actions={
        isShown ? (
          <>
            {text !== undefined && (
              <Button icon="download" onClick={() => download(text)}>
                Download
              </Button>
            )}
            <Button onClick={() => setQuery({ export: undefined })}>Hide</Button>
          </>
        ) : (
          <ButtonLink href={hrefWith({ export: 'shown' })}>Show as configuration</ButtonLink>
        )
      }
    >
      <ErrorNotice error={exported.error} onRetry={exported.reload} />
      {text !== undefined && (
        <>
          <p class="hint">
            Secrets are left out. <code>secretFile</code> names a file to which you must write the secret.
          </p>
          <Code label="Configuration" text={text} />
        </>
      )}
    </Section>
  );
}

/** Removes an app. */
export function RemoveSection({ app }: { readonly app: AppView }) {
  const action = useAction();
  if (app.origin === 'file')
    return (
      <Section title="Remove the app" lead="The app is set in the configuration file. Remove it there.">
        {null}
      </Section>
    );
  return (
    <Section
      title="Remove the app"
      lead="Its clients are disconnected, and no more webhooks are sent."
      actions={
        <Button kind="danger" isBusy={action.isBusy} onClick={() => action.run(() => removeApp(app))} changes>
          Remove {app.id}
        </Button>
      }
    >
      <ErrorNotice error={action.error} />
    </Section>
  );
}

async function removeApp({ id, connections, endpoints }: AppView): Promise<void> {
  const isSure = await confirmed({
    title: `Remove app ${id}?`,
    consequences: [
      `${plural(connections, 'connection')} to this node ${connections === 1 ? 'is' : 'are'} closed, and clients cannot reconnect.`,
      `Its keys and ${plural(endpoints.length, 'endpoint')} are deleted. Export them first if you may need them again.`,
      'Waiting webhooks and dead letters of the app are deleted as well.',
    ],
    action: 'Remove app',
    isDangerous: true,
  });
  if (!isSure) return;
  await api.removeApp(id);
  await refresh();
  toast(`Removed app ${id}`);
  go([]);
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'soketify-run-time.json';
  link.click();
  URL.revokeObjectURL(url);
}
