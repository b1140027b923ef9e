const oldest = 4;
const newest = 7;

/** Whether the version in the `protocol` parameter of a connection is supported. Without one, the newest is assumed. */
export function servesProtocol(requested: string | undefined): boolean {
  if (requested === undefined) return true;
  if (!/^\d{1,4}$/.test(requested)) return false;
  const version = Number(requested);
  return version >= oldest && version <= newest;
}
