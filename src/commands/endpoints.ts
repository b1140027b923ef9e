import type { Command } from 'commander';
import { eventNames } from '../webhooks/event.ts';
import type { EndpointView } from '../views/settings.ts';
import { pathOf, type Admin } from './admin.ts';
import { collect, count, httpUrl, milliseconds, oneOf } from './arguments.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { changedInput, inputOf, type EndpointOptions } from './endpoint-input.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { appPath, findApp, findEndpoint } from './named.ts';
import { printJson, printLine, printNote, printTable } from './print.ts';
import { printable } from './printable.ts';
import { stateOf } from './status.ts';

type SettingOptions = EndpointOptions & AppAskingOptions;
type PauseOptions = AppAskingOptions & { readonly how: 'hold' | 'off' };

export function define(command: Command): void {
  command
    .description('Lists, adds, changes, pauses and removes the webhook endpoints of a running server.')
    .addHelpText(
      'after',
      `
What the configuration file sets can be paused here, and changed there only.

  soketify-emulator endpoints list
  soketify-emulator endpoints add http://127.0.0.1:9000/webhooks --event-type member_added --event-type member_removed
  soketify-emulator endpoints pause rooms

${askingExitCodes}`,
    );
  addAppOptions(command.command('list').description('Lists the endpoints, and how each does.'))
    .addHelpText('after', '\n  soketify-emulator endpoints list --app shop')
    .action((options: AppAskingOptions) => asking(options, (admin) => listEndpoints(admin, options)));
  addAppOptions(
    addSettings(
      command
        .command('add')
        .description('Adds an endpoint, which is sent what happens from now on.')
        .argument('<url>', 'where webhooks are posted', httpUrl)
        .option('--id <id>', 'its name in logs, metrics and commands (default: made from its settings)'),
    ),
  )
    .addHelpText(
      'after',
      `
  soketify-emulator endpoints add https://example.com/webhooks --id rooms --starts-with presence-
  soketify-emulator endpoints add http://127.0.0.1:9000/ --header 'X-Team: blue' --reconcile`,
    )
    .action((url: URL, options: SettingOptions) =>
      asking(options, (admin) => addEndpoint(admin, url, options)),
    );
  addAppOptions(
    addSettings(
      command
        .command('edit')
        .description('Changes an endpoint that was added at run time; what is not named stays.')
        .argument('<endpoint>', 'the endpoint, by its id or URL')
        .option('--to <url>', 'where webhooks are posted from now on', httpUrl)
        .option('--remove-header <name>', 'a header that is not sent any more; may be given again', collect)
        .option('--no-standard-signature', 'do not sign as Standard Webhooks does')
        .option('--no-reconcile', 'do not bring it back to the truth by itself'),
    ),
  )
    .addHelpText(
      'after',
      '\n  soketify-emulator endpoints edit rooms --to https://example.com/hooks --batch-events 1',
    )
    .action((endpoint: string, options: SettingOptions) =>
      asking(options, (admin) => editEndpoint(admin, endpoint, options)),
    );
  addAppOptions(
    command
      .command('pause')
      .description('Pauses an endpoint.')
      .argument('<endpoint>', 'the endpoint, by its id or URL')
      .option(
        '--how <how>',
        'hold: what happens waits, and its five minutes stand still; off: it is not sent, and is listed as dropped',
        oneOf(['hold', 'off']),
        'hold',
      ),
  )
    .addHelpText('after', '\n  soketify-emulator endpoints pause rooms --how hold')
    .action((endpoint: string, options: PauseOptions) =>
      asking(options, (admin) =>
        actOn(admin, endpoint, { options, action: 'pause', body: { how: options.how } }),
      ),
    );
  addAppOptions(
    command
      .command('resume')
      .description('Ends the pause of an endpoint.')
      .argument('<endpoint>', 'the endpoint, by its id or URL'),
  )
    .addHelpText('after', '\n  soketify-emulator endpoints resume rooms')
    .action((endpoint: string, options: AppAskingOptions) =>
      asking(options, (admin) => actOn(admin, endpoint, { options, action: 'resume', body: {} })),
    );
  addAppOptions(
    command
      .command('remove')
      .description('Removes an endpoint that was added at run time: it still gets what waits for it.')
      .argument('<endpoint>', 'the endpoint, by its id or URL'),
  )
    .addHelpText('after', '\n  soketify-emulator endpoints remove rooms')
    .action((endpoint: string, options: AppAskingOptions) =>
      asking(options, (admin) => removeEndpoint(admin, endpoint, options)),
    );
}

/** Adds the options for how an endpoint is set. */
function addSettings(command: Command): Command {
  return command
    .option(
      '--event-type <name>',
      `an event that it is sent; give it again for more (default: the six of Soketify)`,
      (text: string, earlier: readonly string[] | undefined) => collect(oneOf(eventNames)(text), earlier),
    )
    .option('--starts-with <text>', 'only channels whose name begins so')
    .option('--ends-with <text>', 'only channels whose name ends so')
    .option('--header <header>', "a header of its requests, as 'NAME: VALUE'; may be given again", collect)
    .option('--standard-signature', 'also sign as Standard Webhooks does, in webhook-signature')
    .option('--reconcile', 'after a loss, send what brings it back to the truth (without Redis)')
    .option('--batch-events <number>', 'events in one request at most; 1 is batching off', count)
    .option('--batch-delay <ms>', 'how long an event may wait for company', milliseconds)
    .option('--batch-bytes <number>', 'the size of a request at most', count);
}

async function listEndpoints(admin: Admin, options: AppAskingOptions): Promise<ExitCode> {
  const { endpoints, id } = await findApp(admin, options);
  if (options.json === true) for (const endpoint of endpoints) printJson(endpoint);
  else if (endpoints.length === 0) printLine(`the app ${printable(id)} has no endpoint`);
  else {
    printTable(
      [
        { title: 'ENDPOINT', isFlexible: true },
        { title: 'SET BY' },
        { title: 'STATE' },
        { title: 'WAITING', isNumber: true },
        { title: 'URL', isFlexible: true },
        { title: 'CHANNELS', isFlexible: true },
        { title: 'EVENTS', isFlexible: true },
      ],
      endpoints.map((endpoint) => [
        endpoint.id,
        endpoint.origin,
        stateOf(endpoint),
        endpoint.queue === undefined ? '?' : String(endpoint.queue.events),
        endpoint.url,
        `${endpoint.channels.startsWith}*${endpoint.channels.endsWith}`,
        endpoint.eventTypes.join(', '),
      ]),
    );
  }
  return exitCode.done;
}

async function addEndpoint(admin: Admin, url: URL, options: SettingOptions): Promise<ExitCode> {
  const path = `${appPath(await findApp(admin, options))}/endpoints`;
  return tell('added', await admin.post<EndpointView>(path, inputOf(url, options)), options);
}

async function editEndpoint(admin: Admin, named: string, options: SettingOptions): Promise<ExitCode> {
  const app = await findApp(admin, options);
  const endpoint = findEndpoint(app, named);
  const path = `${appPath(app)}${pathOf`/endpoints/${endpoint.id}`}`;
  return tell('changed', await admin.put<EndpointView>(path, changedInput(endpoint, options)), options);
}

async function actOn(
  admin: Admin,
  named: string,
  {
    options,
    action,
    body,
  }: { readonly options: AppAskingOptions; readonly action: 'pause' | 'resume'; readonly body: object },
): Promise<ExitCode> {
  const app = await findApp(admin, options);
  const path = `${appPath(app)}${pathOf`/endpoints/${findEndpoint(app, named).id}`}/${action}`;
  return tell(`${action}d`, await admin.post<EndpointView>(path, body), options);
}

async function removeEndpoint(admin: Admin, named: string, options: AppAskingOptions): Promise<ExitCode> {
  const app = await findApp(admin, options);
  const endpoint = findEndpoint(app, named);
  await admin.delete(`${appPath(app)}${pathOf`/endpoints/${endpoint.id}`}`);
  return tell('removed', endpoint, options);
}

/** Says what was done. Settings that nobody keeps are worth a word. */
function tell(done: string, endpoint: EndpointView, { json = false }: AppAskingOptions): ExitCode {
  if (json) printJson(endpoint);
  else printLine(`${done}: endpoint ${printable(endpoint.id)}, ${printable(endpoint.url)}`);
  if (endpoint.notServed !== undefined) printNote(printable(endpoint.notServed));
  return exitCode.done;
}
