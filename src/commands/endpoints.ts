import type { Command } from 'commander';
import { eventNames } from '../webhooks/event.ts';
import type { EndpointView } from '../views/settings.ts';
import { pathOf, type Admin } from './admin.ts';
import { collect, count, httpUrl, milliseconds, oneOf } from './arguments.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { changedInput, changesSomething, inputOf, type EndpointOptions } from './endpoint-input.ts';
import { UsageError } from './command.ts';
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
Endpoints of the configuration file can be paused and resumed here, but only changed in the file.

  soketify-emulator endpoints list
  soketify-emulator endpoints add http://127.0.0.1:9000/webhooks --event-type member_added --event-type member_removed
  soketify-emulator endpoints pause rooms

${askingExitCodes}`,
    );
  defineList(command);
  defineAdd(command);
  defineEdit(command);
  definePause(command);
  defineResume(command);
  defineRemove(command);
  // Set last, because a subcommand copies it from here.
  const names = command.commands.map((subcommand) => subcommand.name());
  command.showHelpAfterError(`Expected one of ${names.join(', ')}.`);
}

function defineList(command: Command): void {
  addAppOptions(command.command('list').description('Lists the endpoints with their state.'))
    .addHelpText('after', '\n  soketify-emulator endpoints list --app shop')
    .action((options: AppAskingOptions) => asking(options, (admin) => listEndpoints(admin, options)));
}

function defineAdd(command: Command): void {
  addAppOptions(
    addSettings(
      command
        .command('add')
        .description('Adds an endpoint. It receives events from now on.')
        .argument('<url>', 'the URL of the endpoint', httpUrl)
        .option('--id <id>', 'its id in logs, metrics and commands (default: generated from its settings)'),
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
}

function defineEdit(command: Command): void {
  addAppOptions(
    addSettings(
      command
        .command('edit')
        .description(
          'Changes an endpoint that was added at run time. Settings that are not given stay as they are.',
        )
        .argument('<endpoint>', 'the endpoint: its id or URL')
        .option('--to <url>', 'the new URL of the endpoint; --url is the address of the server', httpUrl)
        .option('--remove-header <name>', 'remove this request header; repeatable', collect),
    )
      // After the options that they negate. Otherwise those would be set by default.
      .option('--no-standard-signature', 'no signature of Standard Webhooks')
      .option('--no-reconcile', 'no automatic reconciliation'),
  )
    .addHelpText(
      'after',
      '\n  soketify-emulator endpoints edit rooms --to https://example.com/hooks --batch-events 1',
    )
    .action((endpoint: string, options: SettingOptions) =>
      asking(options, (admin) => editEndpoint(admin, endpoint, options)),
    );
}

function definePause(command: Command): void {
  addAppOptions(
    command
      .command('pause')
      .description('Pauses an endpoint.')
      .argument('<endpoint>', 'the endpoint: its id or URL')
      .option(
        '--how <how>',
        'hold: events wait and do not expire meanwhile; off: events are dropped and listed',
        oneOf(['hold', 'off']),
        'hold',
      ),
  )
    .addHelpText('after', '\n  soketify-emulator endpoints pause rooms --how hold')
    .action((endpoint: string, options: PauseOptions) =>
      asking(options, (admin) => pauseEndpoint(admin, endpoint, options)),
    );
}

function defineResume(command: Command): void {
  addAppOptions(
    command
      .command('resume')
      .description('Resumes a paused endpoint.')
      .argument('<endpoint>', 'the endpoint: its id or URL'),
  )
    .addHelpText('after', '\n  soketify-emulator endpoints resume rooms')
    .action((endpoint: string, options: AppAskingOptions) =>
      asking(options, (admin) => resumeEndpoint(admin, endpoint, options)),
    );
}

function defineRemove(command: Command): void {
  addAppOptions(
    command
      .command('remove')
      .description(
        'Removes an endpoint that was added at run time. Events that wait for it are still sent, unless it is on hold.',
      )
      .argument('<endpoint>', 'the endpoint: its id or URL'),
  )
    .addHelpText('after', '\n  soketify-emulator endpoints remove rooms')
    .action((endpoint: string, options: AppAskingOptions) =>
      asking(options, (admin) => removeEndpoint(admin, endpoint, options)),
    );
}

/** Adds the options for the settings of an endpoint. */
function addSettings(command: Command): Command {
  return command
    .option(
      '--event-type <name>',
      'an event type that it receives; repeatable (default: the six of Soketify)',
      (text: string, earlier: readonly string[] | undefined) => collect(oneOf(eventNames)(text), earlier),
    )
    .option('--starts-with <text>', 'only channels whose names start with this')
    .option('--ends-with <text>', 'only channels whose names end with this')
    .option('--header <header>', "a request header, 'NAME: VALUE'; repeatable", collect)
    .option('--standard-signature', 'also send the signature of Standard Webhooks, webhook-signature')
    .option('--reconcile', 'after lost events, send what restores the true state')
    .option(
      '--batch-events <number>',
      'the maximum number of events per request; 1 turns batching off',
      count,
    )
    .option('--batch-delay <ms>', 'how long an event may wait for others', milliseconds)
    .option('--batch-bytes <number>', 'the maximum size of a request body', count);
}

async function listEndpoints(admin: Admin, options: AppAskingOptions): Promise<ExitCode> {
  const { endpoints, id } = await findApp(admin, options);
  if (options.json === true) for (const endpoint of endpoints) printJson(endpoint);
  else if (endpoints.length === 0) printLine(`the app ${printable(id)} has no endpoints`);
  else {
    printTable(
      [
        { title: 'ENDPOINT', isFlexible: true },
        { title: 'ORIGIN' },
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
  return report('added', await admin.post<EndpointView>(path, inputOf(url, options)), options);
}

async function editEndpoint(admin: Admin, named: string, options: SettingOptions): Promise<ExitCode> {
  if (!changesSomething(options)) {
    throw new UsageError(
      'nothing to change; give the new settings, such as --to URL (see endpoints edit --help)',
    );
  }
  const { endpoint, path } = await findPlace(admin, named, options);
  return report('changed', await admin.put<EndpointView>(path, changedInput(endpoint, options)), options);
}

async function pauseEndpoint(admin: Admin, named: string, options: PauseOptions): Promise<ExitCode> {
  const { path } = await findPlace(admin, named, options);
  const { how } = options;
  return report(`paused (${how})`, await admin.post<EndpointView>(`${path}/pause`, { how }), options);
}

async function resumeEndpoint(admin: Admin, named: string, options: AppAskingOptions): Promise<ExitCode> {
  const { endpoint, path } = await findPlace(admin, named, options);
  const done = endpoint.pause === undefined ? 'was not paused' : 'resumed';
  return report(done, await admin.post<EndpointView>(`${path}/resume`, {}), options);
}

async function removeEndpoint(admin: Admin, named: string, options: AppAskingOptions): Promise<ExitCode> {
  const { endpoint, path } = await findPlace(admin, named, options);
  await admin.delete(path);
  return report('removed', endpoint, options);
}

async function findPlace(admin: Admin, named: string, options: AppAskingOptions) {
  const app = await findApp(admin, options);
  const endpoint = findEndpoint(app, named);
  return { endpoint, path: `${appPath(app)}${pathOf`/endpoints/${endpoint.id}`}` };
}

/** Reports what was done, and warns if the settings are not stored. */
function report(done: string, endpoint: EndpointView, { json = false }: AppAskingOptions): ExitCode {
  if (json) printJson(endpoint);
  else printLine(`${done}: endpoint ${printable(endpoint.id)}, ${printable(endpoint.url)}`);
  if (endpoint.notServed !== undefined) printNote(printable(endpoint.notServed));
  return exitCode.done;
}
