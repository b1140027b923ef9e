import { invalidArgument } from '../emulator-error.ts';
import { done } from '../../operations/schema.ts';
import { appQuery, ref } from './schemas.ts';
import { parameterOf, type Operation, type Question } from '../../operations/operation.ts';
import { knownApp } from './known-app.ts';
import type { EmulatorCore } from '../core.ts';

/** Operations that inject, list and clear faults. */
export function faultOperations({ core }: { readonly core: EmulatorCore }): readonly Operation[] {
  const inject = (
    kind: string,
    schema: 'WebhookFault' | 'ConnectionFault' | 'ApiFault',
    summary: string,
    add: (appId: string | undefined, fault: unknown) => { readonly id: number; readonly hits: number },
  ): Operation => ({
    method: 'post',
    path: `/control/faults/${kind}`,
    id: `inject${schema}`,
    summary,
    body: ref(schema),
    answer: ref('Fault'),
    run(question) {
      const { app: _, ...fault } = question.body;
      const { id, hits } = add(knownApp(core, question), fault);
      return { id, hits };
    },
  });
  return [
    {
      method: 'get',
      path: '/control/faults',
      id: 'listFaults',
      summary: 'Lists the active faults.',
      answer: { type: 'object' },
      run: () => core.listFaults(),
    },
    inject(
      'webhooks',
      'WebhookFault',
      'Makes requests to endpoints fail, arrive late, or arrive twice.',
      (appId, fault) => core.failWebhooks(appId, fault),
    ),
    inject(
      'connections',
      'ConnectionFault',
      'Closes open connections now, or refuses new ones.',
      (appId, fault) => core.failConnections(appId, fault),
    ),
    inject('api', 'ApiFault', 'Makes the HTTP API return an error without doing anything.', (appId, fault) =>
      core.failApi(appId, fault),
    ),
    {
      method: 'delete',
      path: '/control/faults',
      id: 'clearFaults',
      summary: 'Clears all faults, or those injected for one app.',
      query: appQuery,
      answer: done,
      run: (question) => core.clearFaults(knownApp(core, question)),
    },
    {
      method: 'get',
      path: '/control/faults/{id}',
      id: 'readFault',
      summary: 'Returns how often a fault has applied, even if it is over.',
      answer: ref('Fault'),
      run(question) {
        const id = idOf(question);
        return { id, hits: core.hitsOf(id) };
      },
    },
    {
      method: 'delete',
      path: '/control/faults/{id}',
      id: 'clearFault',
      summary: 'Clears one fault.',
      answer: done,
      run(question) {
        core.clearFault(idOf(question));
      },
    },
  ];
}

function idOf(question: Question): number {
  const id = parameterOf(question, 'id');
  if (!/^\d{1,15}$/.test(id)) throw invalidArgument(`expected the id of a fault, got '${id}'`);
  return Number(id);
}
