import { readdirSync } from 'node:fs';
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { ConfigMap, PodSpec, Probe, Secret, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import { parseAllDocuments } from 'yaml';
import { sample } from './proxy.ts';

/** The kinds of objects in the manifests, each with the module of its type. */
export const modules = {
  ConfigMap: 'core/v1',
  Secret: 'core/v1',
  Service: 'core/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  PodDisruptionBudget: 'policy/v1',
  Ingress: 'networking/v1',
} as const;

interface Kinds {
  readonly ConfigMap: ConfigMap;
  readonly Secret: Secret;
  readonly Service: Service;
  readonly Deployment: Deployment;
  readonly StatefulSet: StatefulSet;
  readonly PodDisruptionBudget: PodDisruptionBudget;
  readonly Ingress: Ingress;
}

/** One object of a manifest, as written. */
export interface Manifest {
  readonly kind: keyof Kinds;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string };
}

/** The names of the manifests. */
export const manifestNames = readdirSync(new URL('../../../config/kubernetes/', import.meta.url));

/** The objects of a manifest. Kubernetes reads YAML 1.1, in which 0440 is octal. */
export async function readManifest(name: string): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await sample(`kubernetes/${name}`), { version: '1.1' });
  return documents.map((document) => document.toJS() as Manifest);
}

/** The objects of one kind. */
export function ofKind<K extends keyof Kinds>(manifests: readonly Manifest[], kind: K): readonly Kinds[K][] {
  return manifests.filter((manifest) => manifest.kind === kind) as unknown as readonly Kinds[K][];
}

/** The kinds that run pods. */
export function workloads(manifests: readonly Manifest[]): readonly (Deployment | StatefulSet)[] {
  return [...ofKind(manifests, 'Deployment'), ...ofKind(manifests, 'StatefulSet')];
}

/** The pod of such an object. @throws {Error} if it has none. */
export function podOf({ spec }: Deployment | StatefulSet): PodSpec {
  if (spec?.template.spec === undefined) throw new Error('The object has no pod');
  return spec.template.spec;
}

/** The probes of a pod. */
export function probesOf({ containers }: PodSpec): readonly Probe[] {
  return containers.flatMap(({ startupProbe, readinessProbe, livenessProbe }) =>
    [startupProbe, readinessProbe, livenessProbe].filter((probe) => probe !== undefined),
  );
}
