import type { Command } from 'commander';
import { formatSpan } from '../recording/console/console-row.ts';
import type { ChannelDetail, ChannelPage, ChannelView } from '../views/channels.ts';
import { pathOf, type Admin } from './admin.ts';
import { count } from './arguments.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { appPath, findApp } from './named.ts';
import { readPages } from './pages.ts';
import { printFacts, printJson, printLine, printNote, printTable } from './print.ts';
import { excerpt, printable } from './printable.ts';

interface ChannelsOptions extends AppAskingOptions {
  readonly prefix?: string;
  readonly limit: number;
}

const mostOnPage = 1000;

export function define(command: Command): void {
  addAppOptions(
    command
      .description('Lists the occupied channels of a running server, or shows one of them.')
      .argument('[name]', 'a channel, to show its users, cached event and connections')
      .option('--prefix <text>', 'only channels whose names start with this')
      .option('--limit <number>', 'the maximum number to list', count, 1000),
  )
    .addHelpText(
      'after',
      `
  soketify-emulator channels
  soketify-emulator channels --prefix presence- --app shop
  soketify-emulator channels presence-lobby --json | jq -r '.userIds[]'

${askingExitCodes}`,
    )
    .action((name: string | undefined, options: ChannelsOptions) =>
      asking(options, (admin) =>
        name === undefined ? listChannels(admin, options) : showChannel(admin, name, options),
      ),
    );
}

async function listChannels(
  admin: Admin,
  { prefix, limit, json = false, ...options }: ChannelsOptions,
): Promise<ExitCode> {
  const path = `${appPath(await findApp(admin, options))}/channels`;
  const { items, hasMore } = await readPages(
    { limit, mostOnPage },
    (size, after) => admin.get<ChannelPage>(path, { prefix, after, limit: size }),
    (page) => page.items,
  );
  if (json) for (const channel of items) printJson(channel);
  else printChannels(items);
  if (hasMore) printNote(`there are more channels; raise --limit (${limit}) to see them`);
  return exitCode.done;
}

function printChannels(channels: readonly ChannelView[]): void {
  if (channels.length === 0) {
    printLine('no occupied channel');
    return;
  }
  printTable(
    [
      { title: 'CHANNEL', isFlexible: true },
      { title: 'KIND' },
      { title: 'SUBSCRIBERS', isNumber: true },
      { title: 'USERS', isNumber: true },
    ],
    channels.map((channel) => [
      channel.name,
      channelKind(channel),
      String(channel.subscriptionCount ?? '?'),
      channel.kind === 'presence' ? String(channel.userCount ?? '?') : '',
    ]),
  );
}

async function showChannel(
  admin: Admin,
  name: string,
  { json = false, ...options }: ChannelsOptions,
): Promise<ExitCode> {
  const path = appPath(await findApp(admin, options));
  const channel = await admin.get<ChannelDetail>(`${path}${pathOf`/channels/${name}`}`);
  if (json) printJson(channel);
  else printChannel(channel);
  return exitCode.done;
}

function printChannel(channel: ChannelDetail): void {
  const { occupied, subscriptionCount, userIds, cache, connections } = channel;
  printFacts({
    channel: printable(channel.name),
    kind: channelKind(channel),
    occupied: occupied ? 'yes' : 'no',
    subscribers: subscriptionCount === undefined ? undefined : String(subscriptionCount),
    users: userIds && `${userIds.length}${userIds.length === 0 ? '' : `: ${printable(userIds.join(', '))}`}`,
    cached: cache && `for ${formatSpan(cache.ttlSeconds * 1000)} more: ${excerpt(cache.data)}`,
  });
  if (connections.length === 0) return;
  printLine('');
  printTable(
    [{ title: 'CONNECTION' }, { title: 'USER', isFlexible: true }, { title: 'CHANNELS', isNumber: true }],
    connections.map(({ socketId, userId, channels }) => [socketId, userId ?? '', String(channels.length)]),
  );
}

function channelKind({ kind, isCache }: ChannelView): string {
  return isCache ? `${kind}, cache` : kind;
}
