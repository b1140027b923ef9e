import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { app } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { launch, runProgram, startServer } from '../support/e2e/server.ts';
import {
  manifestNames,
  modules,
  ofKind,
  podOf,
  probesOf,
  readManifest,
  workloads,
  type Manifest,
} from '../support/production/manifests.ts';
import { temporaryFolder, writeInto } from '../support/production/proxy.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The objects that run this program. */
const ours = ['one-node.yaml', 'several-nodes.yaml'];

test('each object has the fields of its kind, and no others', async () => {
  const manifests = (await Promise.all(manifestNames.map(readManifest))).flat();
  const { status, stdout } = await checkTypes(manifests);
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('a field that Kubernetes does not know would be found', async () => {
  const [service] = ofKind(await readManifest('one-node.yaml'), 'Service');
  const misspelt = { ...service, spec: { ...service?.spec, selektor: {} } } as unknown as Manifest;
  const { stdout } = await checkTypes([misspelt]);
  expect(stdout).toMatch(/selektor.* does not exist in type 'ServiceSpec'/);
});

describe.each(ours)('%s', (name) => {
  test('is rejected until its placeholders are filled in, and is then valid in production', async () => {
    const manifests = await readManifest(name);
    const asItIs = load(manifests, (text) => text);
    expect(asItIs.kind === 'invalid' && asItIs.faults.map(({ path }) => path)).toEqual([
      'apps[0].key',
      'apps[0].secretFile',
    ]);
    expect(load(manifests, filledIn)).toMatchObject({ kind: 'ok', warnings: [], overridden: [] });
  });

  test('opens the configured ports, and probes existing routes', async () => {
    const manifests = await readManifest(name);
    const loaded = load(manifests, filledIn);
    if (loaded.kind !== 'ok') throw new Error('It is faulty');
    const { port, metrics } = loaded.config;
    const [workload] = workloads(manifests);
    const pod = podOf(workload ?? {});
    const ports = pod.containers[0]?.ports;
    expect(ports).toEqual([
      { name: 'clients', containerPort: port },
      { name: 'metrics', containerPort: metrics?.port },
    ]);
    expect(workload?.spec?.template.metadata?.annotations?.['prometheus.io/port']).toBe(
      String(metrics?.port),
    );
    await using server = await startServer({ apps: [app] });
    const probes = probesOf(pod);
    expect(probes).toHaveLength(3);
    for (const { httpGet } of probes) {
      expect(httpGet?.port).toBe('clients');
      expect((await fetch(`${server.url}${httpGet?.path}`)).status).toBe(200);
    }
  });

  test('gives the program enough time for a graceful shutdown', async () => {
    const manifests = await readManifest(name);
    const loaded = load(manifests, filledIn);
    const pod = podOf(workloads(manifests)[0] ?? {});
    const [, seconds = '0'] = pod.containers[0]?.lifecycle?.preStop?.exec?.command ?? [];
    const needed = Number(seconds) * 1000 + (loaded.kind === 'ok' ? loaded.config.shutdownTimeoutMs : NaN);
    expect((pod.terminationGracePeriodSeconds ?? 0) * 1000).toBeGreaterThan(needed);
  });

  test('mounts what it names, and runs as a user who cannot write elsewhere', async () => {
    const manifests = await readManifest(name);
    const pod = podOf(workloads(manifests)[0] ?? {});
    const [container] = pod.containers;
    const volumes = [
      ...(pod.volumes ?? []).map((volume) => volume.name),
      ...ofKind(manifests, 'StatefulSet').flatMap(({ spec }) =>
        (spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name),
      ),
    ];
    expect(new Set(container?.volumeMounts?.map((mount) => mount.name))).toEqual(new Set(volumes));
    for (const { configMap, secret } of pod.volumes ?? []) {
      const kind = configMap === undefined ? 'Secret' : 'ConfigMap';
      const named = configMap?.name ?? secret?.secretName;
      expect(ofKind(manifests, kind).map(({ metadata }) => metadata?.name)).toContain(named);
    }
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('selects its own pods, and runs the image of this version with valid options', async () => {
    const manifests = await readManifest(name);
    const [workload] = workloads(manifests);
    const labels = workload?.spec?.template.metadata?.labels;
    expect(workload?.spec?.selector.matchLabels).toEqual(labels);
    for (const { spec } of ofKind(manifests, 'Service')) expect(spec?.selector).toEqual(labels);
    for (const { spec } of ofKind(manifests, 'PodDisruptionBudget')) {
      expect(spec?.selector?.matchLabels).toEqual(labels);
    }
    const [container] = podOf(workload ?? {}).containers;
    const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as { version: string };
    expect(container?.image).toBe(`soketify-emulator:${version}`);
    const { stdout } = await runProgram(['--help']);
    for (const option of container?.args?.filter((arg) => arg.startsWith('--')) ?? []) {
      expect(stdout).toContain(option);
    }
  });
});

test('the Ingress leads to a port of the Service that both have', async () => {
  const [ingress] = ofKind(await readManifest('ingress.yaml'), 'Ingress');
  const paths = ingress?.spec?.rules?.flatMap(({ http }) => http?.paths ?? []) ?? [];
  expect(paths.map(({ path }) => path)).toEqual(['/app', '/apps']);
  for (const name of ours) {
    const [service] = ofKind(await readManifest(name), 'Service');
    for (const { backend } of paths) {
      expect(backend.service?.name).toBe(service?.metadata?.name);
      expect(service?.spec?.ports?.map((port) => port.name)).toContain(backend.service?.port?.name);
    }
  }
});

test('the URL of Redis matches the trial Redis', async () => {
  const [secret] = ofKind(await readManifest('several-nodes.yaml'), 'Secret');
  const [service] = ofKind(await readManifest('redis.yaml'), 'Service');
  const { name } = service?.metadata ?? {};
  expect(secret?.stringData?.['redis-url']).toBe(`redis://${name}:${service?.spec?.ports?.[0]?.port}`);
});

test('--watch reads a ConfigMap that Kubernetes has updated', async () => {
  // Kubernetes writes a new folder, and replaces the old link by a link to it.
  const folder = await temporaryFolder();
  const write = async (version: string, apps: readonly unknown[]) => {
    await mkdir(join(folder, version));
    await writeInto(join(folder, version), 'config.json', JSON.stringify({ port: 0, apps }));
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await write('..first', [app]);
  await symlink('..data/config.json', join(folder, 'config.json'));
  const { child, log, exit } = launch(['--config', join(folder, 'config.json'), '--watch']);
  const { port } = await log.first(({ msg }) => msg === 'listening');
  await write('..second', [app, { id: '2', key: 'second', secret: 'second-secret' }]);
  await log.first(({ msg }) => msg === 'configuration reloaded');
  const server = { url: `http://127.0.0.1:${port}` };
  const added = { ...app, id: '2', key: 'second', secret: 'second-secret' };
  expect(await callApi(server, { path: '/apps/2/channels', app: added })).toMatchObject({ status: 200 });
  child.kill('SIGTERM');
  expect((await exit).code).toBe(0);
});

const filledIn = (text: string) => text.replaceAll(/REPLACE-ME[\w-]*/g, 'a-random-text-of-some-length');

/** Loads the configuration of a ConfigMap with the files of a Secret, as the pod sees both. */
function load(manifests: readonly Manifest[], complete: (text: string) => string) {
  const [configMap] = ofKind(manifests, 'ConfigMap');
  const [secret] = ofKind(manifests, 'Secret');
  const files = new Map([
    ['/etc/soketify/config.json', configMap?.data?.['config.json']],
    ...Object.entries(secret?.stringData ?? {}).map(
      ([name, text]) => [`/run/secrets/soketify/${name}`, text] as const,
    ),
  ]);
  return loadConfig({
    file: '/etc/soketify/config.json',
    env: { NODE_ENV: 'production', ...serviceLinks(manifests) },
    overrides: {},
    readFile(path) {
      const text = files.get(path);
      if (text === undefined) throw new Error(`ENOENT: ${path}`);
      return complete(text);
    },
    modeOf: () => 0o100440,
  });
}

/** The variables by which Kubernetes describes the Services to each pod. */
function serviceLinks(manifests: readonly Manifest[]): Readonly<Record<string, string>> {
  const links = ofKind(manifests, 'Service').flatMap(({ metadata, spec }) => {
    const name = metadata?.name?.toUpperCase().replaceAll('-', '_');
    return (spec?.ports ?? []).map(({ port }) => ({
      [`${name}_SERVICE_HOST`]: '10.96.0.7',
      [`${name}_SERVICE_PORT`]: String(port),
      [`${name}_PORT`]: `tcp://10.96.0.7:${port}`,
      [`${name}_PORT_${port}_TCP`]: `tcp://10.96.0.7:${port}`,
      [`${name}_PORT_${port}_TCP_ADDR`]: '10.96.0.7',
    }));
  });
  return Object.assign({}, ...links) as Readonly<Record<string, string>>;
}

/**
 * Lets the compiler check each object against the type of its kind. A literal must not have fields that its
 * type lacks.
 */
async function checkTypes(manifests: readonly Manifest[]) {
  const folder = await temporaryFolder();
  const lines = manifests.map((manifest, index) => {
    const type = `import('kubernetes-types/${modules[manifest.kind]}').${manifest.kind}`;
    return `export const object${index}: ${type} = ${JSON.stringify(manifest, null, 2)};\n`;
  });
  await writeInto(folder, 'manifests.ts', lines.join('\n'));
  const config = {
    compilerOptions: {
      ...{ strict: true, noEmit: true, module: 'nodenext', skipLibCheck: true, types: [] },
      paths: { 'kubernetes-types/*': [`${root}node_modules/kubernetes-types/*`] },
    },
    files: ['manifests.ts'],
  };
  await writeInto(folder, 'tsconfig.json', JSON.stringify(config));
  const compiler = `${root}node_modules/typescript/bin/tsc`;
  return spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
}
