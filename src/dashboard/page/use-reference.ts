import { send } from './http.ts';
import type { Reference } from './reference.ts';
import { useResource, type Resource } from './resource.ts';

/** Where the file of long texts is: the build puts its name here. */
declare const referenceFile: string;

/** The long texts, fetched when they are needed for the first time. */
export function useReference(): Resource<Reference> {
  return useResource('reference', (signal) =>
    send<Reference>({ method: 'GET', path: referenceFile, cache: 'default', signal }),
  );
}
