/** Another text of the same JSON, and the kind of writer that produces it. */
interface JsonForm {
  readonly writer: string;
  readonly text: string;
}

/** How a JSON writer formats its output. */
interface WriterStyle {
  readonly comma: string;
  readonly colon: string;
  readonly string: (text: string) => string;
  readonly keys: (names: readonly string[]) => readonly string[];
}

/** The documented order of the fields of a webhook and of its events. */
const documentedOrder = [
  'time_ms',
  'events',
  'name',
  'channel',
  'event',
  'data',
  'socket_id',
  'user_id',
  'subscription_count',
];

const plain: WriterStyle = { comma: ',', colon: ':', string: JSON.stringify, keys: (names) => names };
const ascii = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
const php = (text: string): string => ascii(text).replaceAll('/', '\\/');
const python = { ...plain, comma: ', ', colon: ': ' };

/** The common writers. */
const writers: readonly (readonly [writer: string, style: WriterStyle])[] = [
  ['JSON.stringify', plain],
  ['json.dumps', { ...python, string: ascii }],
  ['json.dumps with ensure_ascii=False', python],
  ['json_encode', { ...plain, string: php }],
  [
    'a writer that orders keys as documented',
    {
      ...plain,
      keys: (names) => names.toSorted((a, b) => documentedOrder.indexOf(a) - documentedOrder.indexOf(b)),
    },
  ],
  ['a writer that sorts keys', { ...plain, keys: (names) => names.toSorted() }],
];

/**
 * Other texts of the same JSON: as the common libraries write it, indented or not, with or without white space around it.
 * One of them may be the text that was signed, if somebody parsed the JSON and serialized it again. Yields nothing if the
 * text is not JSON.
 */
export function* otherJsonForms(text: string): Generator<JsonForm, void> {
  const bare = text.replace(/^\ufeff/, '').trim();
  let value: unknown;
  try {
    value = JSON.parse(bare);
  } catch {
    return;
  }
  yield { writer: 'a sender without white space around it', text: bare };
  yield { writer: 'a sender with a line break at its end', text: `${bare}\n` };
  for (const [writer, style] of writers) yield { writer, text: write(value, style) };
  for (const indent of [2, 4, '\t']) {
    yield { writer: 'JSON.stringify with indentation', text: JSON.stringify(value, null, indent) };
  }
}

function write(value: unknown, style: WriterStyle): string {
  const { comma, colon, string, keys } = style;
  if (typeof value === 'string') return string(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, style)).join(comma)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = new Map<string, unknown>(Object.entries(value));
  const pairs = keys([...fields.keys()]).map(
    (key) => `${string(key)}${colon}${write(fields.get(key), style)}`,
  );
  return `{${pairs.join(comma)}}`;
}
