import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gzipSync } from 'node:zlib';
import { plainText, type OutgoingResponse } from '../transport/http-message.ts';
import { secured } from './answers.ts';

/** The files of the page. */
export interface StaticFiles {
  /** Returns the file with this name, compressed if the client accepts that. */
  answer(name: string, acceptEncoding: string): OutgoingResponse;
}

/** The possible folders of the page: beside the bundled program, or the output of a build from the sources. */
const folders: readonly string[] = ['./dashboard/', '../../dist/dashboard/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

const index = 'index.html';

/** The files are kept packed by brotli, which packs best. */
const packedEnding = '.br';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The gzip options that make the files of the page smallest. */
export const gzipOptions = { level: 9, memLevel: 7 } as const;

/** A file of the page in all its encodings. */
interface Forms {
  readonly plain: Uint8Array;
  /** The compressed forms in the order of preference. */
  readonly encoded: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** The files of the page. They are read at the first request and kept in memory. */
export function createStaticFiles(places: readonly string[] = folders): StaticFiles {
  let files: ReadonlyMap<string, Forms> | undefined;
  return {
    answer(name, acceptEncoding) {
      // Until the page is built, each request looks for it again.
      files ??= readFiles(places);
      if (files === undefined) return secured(notBuilt);
      return secured(answerWith(files, name, acceptEncoding));
    },
  };
}

const notBuilt = plainText(503, 'The page of the Dashboard was not built; run "npm run build"', {
  'Cache-Control': 'no-store',
});

function readFiles(places: readonly string[]): ReadonlyMap<string, Forms> | undefined {
  const folder = places.find((place) => existsSync(`${place}/${index}${packedEnding}`));
  if (folder === undefined) return undefined;
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(packedEnding))
    .map((name) => name.slice(0, -packedEnding.length));
  return new Map(names.map((name) => [name, formsOf(readFileSync(`${folder}/${name}${packedEnding}`))]));
}

function formsOf(packed: Uint8Array): Forms {
  const plain = brotliDecompressSync(packed);
  const encoded = [
    { name: 'br', bytes: packed },
    // Browsers do not accept brotli over plain HTTP.
    { name: 'gzip', bytes: gzipSync(plain, gzipOptions) },
  ];
  return { plain, encoded };
}

function answerWith(
  files: ReadonlyMap<string, Forms>,
  name: string,
  acceptEncoding: string,
): OutgoingResponse {
  const forms = files.get(name);
  const contentType = contentTypes[extname(name)];
  if (forms === undefined || contentType === undefined) {
    return plainText(404, 'The Dashboard has no such file', { 'Cache-Control': 'no-store' });
  }
  const encoding = forms.encoded.find((one) => accepts(acceptEncoding, one.name));
  return {
    status: 200,
    contentType,
    body: encoding?.bytes ?? forms.plain,
    headers: {
      // Every name except that of the index contains a hash of the file.
      'Cache-Control': name === index ? 'no-cache' : 'max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
      ...(encoding && { 'Content-Encoding': encoding.name }),
    },
  };
}

/** Whether an `Accept-Encoding` names this encoding, and not with a weight of zero. */
function accepts(acceptEncoding: string, encoding: string): boolean {
  return acceptEncoding.split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
