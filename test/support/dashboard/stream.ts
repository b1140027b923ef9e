import type { ServerResponse } from 'node:http';
import type { MockState } from './state.ts';
import { matches } from './search.ts';

interface StreamRequest {
  readonly url: URL;
  readonly response: ServerResponse;
}

/** The stream: rows several times a second, numbers every two seconds, and changes of settings. */
export function stream(state: MockState, { url, response }: StreamRequest): void {
  const types = (url.searchParams.get('types') ?? '').split(',').filter(Boolean);
  const q = url.searchParams.get('q') ?? '';
  let version = state.settingsVersion;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const emit = (event: string, data: unknown, id?: number) =>
    response.write(
      `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
    );
  emit('stats', state.overview(false));
  const rows = setInterval(() => {
    if (version !== state.settingsVersion) emit('settings', {});
    version = state.settingsVersion;
    if (state.options.empty === true) return;
    const row = state.addRow();
    if (row.type === 'webhook sent') state.addDelivery();
    if ((types.length === 0 || types.includes(row.type)) && matches(row, q))
      emit('rows', { rows: [row], skipped: 0, keptSinceMs: state.startedAtMs }, row.seq);
  }, 700);
  const stats = setInterval(() => emit('stats', state.overview(false)), 2000);
  response.on('close', () => {
    clearInterval(rows);
    clearInterval(stats);
  });
}
