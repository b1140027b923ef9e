/** The parts of a request that are needed to repeat it. */
export interface SentRequest {
  readonly url: string;
  readonly body: string;
}

const madeByCurl = new Set(['content-length', 'host', 'connection', 'transfer-encoding']);

/** A shell command that repeats a request with the same bytes and the same signature. */
export function curlCommand({ url, body }: SentRequest, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers)
    .filter(([name]) => !madeByCurl.has(name.toLowerCase()))
    .map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\`);
  return [`curl -i -X POST ${quoted(url)} \\`, ...lines, `  --data-binary ${quoted(body)}`].join('\n');
}

/** Quotes a text for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
