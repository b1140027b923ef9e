// Bundles the types of the library into one file, so that editors show only what is public.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

/** Writes dist/index.d.cts for `require`, and dist/index.d.ts, which exports the same. Throws if the types need a package. */
export async function buildTypes(root) {
  const folder = mkdtempSync(`${root}/dist/declarations-`);
  try {
    const tsc = ['node_modules/typescript/bin/tsc', '-p', 'src', '--emitDeclarationOnly', '--outDir', folder];
    execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
    const bundle = await rollup({
      input: `${folder}/index.d.ts`,
      external: /^node:/,
      plugins: [dts()],
      onwarn({ message }) {
        throw new Error(`the types of the library cannot be bundled: ${message}`);
      },
    });
    await bundle.write({ file: `${root}/dist/index.d.cts`, format: 'es' });
    await bundle.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
  writeFileSync(`${root}/dist/index.d.ts`, "export * from './index.cjs';\n");
}
