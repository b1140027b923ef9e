import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What examples may use without a declaration of their own. */
const context = `
import type { Emulator, Receiver } from 'soketify-emulator';
declare global {
  const soketify: Emulator;
  const receiver: Receiver;
}
`;

/**
 * The errors of the compiler in examples of the built library, by their names; empty if it accepts all of them. Every
 * export is imported already.
 */
export async function compileExamples(
  examples: Readonly<Record<string, string>>,
  exports: readonly string[],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'examples-'));
  try {
    const heading = `import { ${exports.join(', ')} } from 'soketify-emulator';\n`;
    const compilerOptions = {
      target: 'ESNext',
      module: 'nodenext',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: { 'soketify-emulator': [join(root, 'dist/index.d.ts')] },
    };
    const files = {
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({ compilerOptions }),
      'context.ts': context,
      ...Object.fromEntries(
        Object.entries(examples).map(([name, text]) => [`${name}.ts`, `${heading}${text}\nexport {};\n`]),
      ),
    };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
    return await new Promise((resolve) => {
      const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder];
      execFile(process.execPath, tsc, { cwd: folder }, (error, stdout, stderr) => {
        resolve(error === null ? '' : `${stdout}${stderr}`);
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
