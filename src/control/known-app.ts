import { textOf, type Question } from '../operations/operation.ts';
import type { Stand } from './stand.ts';

/** The app that is meant; undefined is all. Throws when there is no such app. */
export function knownApp(stand: Stand, question: Question): string | undefined {
  const appId = textOf(question, 'app');
  if (appId !== undefined) stand.app(appId);
  return appId;
}
