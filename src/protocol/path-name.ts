/**
 * Writes a name as one part of a path. URL parsers remove the parts `.` and `..`, even if they are escaped, so the dots of
 * these two names are escaped twice. `nameInPath` restores them: no name contains a percent sign.
 */
export function pathPart(name: string): string {
  return name === '.' || name === '..' ? name.replaceAll('.', '%252e') : encodeURIComponent(name);
}

/** The name that a part of a path means, after it was decoded once. */
export function nameInPath(part: string): string {
  return /^(?:%2e){1,2}$/i.test(part) ? '.'.repeat(part.length / 3) : part;
}
