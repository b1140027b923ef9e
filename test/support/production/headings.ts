import { readFile } from 'node:fs/promises';

/** The anchors of a Markdown file's headings, as GitHub generates them. */
export async function headingsOf(path: string): Promise<readonly string[]> {
  const text = (await readFile(path, 'utf8')).replaceAll(/^```[^]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
