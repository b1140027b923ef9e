import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

interface Described {
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const page = await readFile(new URL('../../docs/admin-api.md', import.meta.url), 'utf8');

/** The rows of the table of operations, cell by cell. */
function printedRows(): string[][] {
  const rows = page.split('\n').filter((line) => /^\| `(?:GET|POST|PUT|DELETE) /.test(line));
  return rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The table that follows from the server's own description of the API. */
function describedRows({ paths, components }: Document): string[][] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, parameters = [], requestBody }]) => {
      const asked = parameters.filter((one) => one.in === 'query').map(({ name }) => `${name}?`);
      const fields = fieldsOf(requestBody?.content['application/json'].schema, components.schemas);
      const takes = [...asked, ...fields].map((name) => `\`${name}\``).join(', ');
      return [`\`${method.toUpperCase()} ${path.replace('/admin', '')}\``, takes, summary];
    }),
  );
}

function fieldsOf(schema: Schema | undefined, schemas: Document['components']['schemas']): string[] {
  const { properties = {}, required = [] } = schemas[schema?.$ref?.split('/').pop() ?? ''] ?? schema ?? {};
  return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
}

describe('docs/admin-api.md', () => {
  test('has a row for each operation that the server describes', async () => {
    await using server = await startServer({ apps: [app] });
    const response = await fetch(`${server.url}/admin/openapi.json`);
    expect(printedRows()).toEqual(describedRows((await response.json()) as Document));
  });

  test('has examples that work in the order of the page', async () => {
    await using receiver = await startReceiver();
    await using server = await startServer({ apps: [app] });
    const { pusher } = await connectClient(server);
    await new Promise<void>((resolve) => {
      pusher.subscribe('news').bind('pusher:subscription_succeeded', resolve);
    });
    const script = /## Examples[^]*?\n```sh\n([^]*?)\n```/
      .exec(page)?.[1]
      ?.replaceAll('http://127.0.0.1:6001', server.url)
      .replaceAll('http://127.0.0.1:9000/webhooks', receiver.url);
    const strict = 'set -euo pipefail; curl() { command curl -sS --fail-with-body "$@"; echo; }\n';
    const { stdout } = await promisify(execFile)('bash', ['-c', strict + (script ?? 'exit 1')]);
    expect(stdout).toContain('"verdict":"The endpoint accepted it (200)."');
    await receiver.requests.first(({ headers }) => headers['x-soketify-test'] === '1');
    // An endpoint with reconciliation receives the earlier state first.
    expect(await receiver.namesOf('news', 1)).toEqual(['channel_occupied']);
  });

  test('states correctly that nothing is reconciled while an endpoint is paused', async () => {
    await using server = await startServer({
      apps: [{ ...app, webhooks: [{ id: 'main', url: 'http://127.0.0.1:9/' }] }],
    });
    const endpoint = `${server.url}/admin/apps/${app.id}/endpoints/main`;
    const post = (path: string, body: object) =>
      fetch(`${endpoint}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await post('pause', { how: 'hold' })).status).toBe(200);
    const refused = await post('reconcile', {});
    expect(refused.status).toBe(409);
    expect(await refused.json()).toEqual({
      error: {
        code: 'ERR_CONFLICT',
        message: "nothing was sent: the endpoint 'main' is paused. Resume it first",
      },
    });
    expect((await post('resume', {})).status).toBe(200);
    expect(await (await post('reconcile', {})).json()).toEqual({ channels: 0 });
  });
});
