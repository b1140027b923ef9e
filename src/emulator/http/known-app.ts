import { textOf, type Question } from '../../operations/operation.ts';
import type { EmulatorCore } from '../core.ts';

/** The given app; undefined means all apps. Throws if there is no such app. */
export function knownApp(core: EmulatorCore, question: Question): string | undefined {
  const appId = textOf(question, 'app');
  if (appId !== undefined) core.app(appId);
  return appId;
}
