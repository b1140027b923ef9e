import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
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

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The encodings in the order of preference, with the endings of their files. */
const encodings = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const;

/** The files of the page. They are read at the first request and kept in memory. */
export function createStaticFiles(places: readonly string[] = folders): StaticFiles {
  let files: ReadonlyMap<string, Uint8Array> | undefined;
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

function readFiles(places: readonly string[]): ReadonlyMap<string, Uint8Array> | undefined {
  const folder = places.find((place) => existsSync(`${place}/${index}`));
  if (folder === undefined) return undefined;
  // The folder may contain other files, such as the types of this module.
  const names = readdirSync(folder).filter(
    (name) => contentTypeOf(name.replace(/\.(?:br|gz)$/, '')) !== undefined,
  );
  return new Map(names.map((name) => [name, readFileSync(`${folder}/${name}`)]));
}

function answerWith(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
  acceptEncoding: string,
): OutgoingResponse {
  const plain = files.get(name);
  const contentType = contentTypeOf(name);
  if (plain === undefined || contentType === undefined) {
    return plainText(404, 'The Dashboard has no such file', { 'Cache-Control': 'no-store' });
  }
  const encoding = encodings.find((one) => accepts(acceptEncoding, one.name) && files.has(name + one.ending));
  return {
    status: 200,
    contentType,
    body: (encoding && files.get(name + encoding.ending)) ?? plain,
    headers: {
      // Every name except that of the index contains a hash of the file.
      'Cache-Control': name === index ? 'no-cache' : 'max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
      ...(encoding && { 'Content-Encoding': encoding.name }),
    },
  };
}

function contentTypeOf(name: string): string | undefined {
  return contentTypes[extname(name)];
}

/** Whether an `Accept-Encoding` names this encoding, and not with a weight of zero. */
function accepts(acceptEncoding: string, encoding: string): boolean {
  return acceptEncoding.split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
