import { send } from './http.ts';
import type { Reference } from './reference.ts';
import { useResource, type Resource } from './resource.ts';

/** The path of the file with the long texts. The build inserts it. */
declare const referenceFile: string;

/** The long texts, fetched on first use. */
export function useReference(): Resource<Reference> {
  return useResource('reference', (signal) =>
    send<Reference>({ method: 'GET', path: referenceFile, cache: 'default', signal }),
  );
}
