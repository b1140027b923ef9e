/** What a request was, as far as it is needed to make it again. */
export interface SentRequest {
  readonly url: string;
  readonly body: string;
}

const madeByCurl = new Set(['content-length', 'host', 'connection', 'transfer-encoding']);

/** The same request as a command for a shell: the same bytes and the same signature. */
export function curlCommand({ url, body }: SentRequest, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers)
    .filter(([name]) => !madeByCurl.has(name.toLowerCase()))
    .map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\`);
  return [`curl -i -X POST ${quoted(url)} \\`, ...lines, `  --data-binary ${quoted(body)}`].join('\n');
}

/** A text that a shell takes as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
