import { nearest } from '../../config/checks/nearest.ts';
import { invalidArgument } from '../emulator-error.ts';

const ofApp = '/apps/:app';

/** Throws an EmulatorError if no path of these routes, such as `/apps/:app/events`, can contain this text. */
export function refuseUnknownPath(path: string, patterns: readonly string[]): void {
  if (path === '/' || patterns.some((pattern) => canContain(pattern.split('/'), path.split('/')))) return;
  const routes = [
    ...new Set(patterns.map((pattern) => pattern.slice(pattern.indexOf(ofApp) + ofApp.length))),
  ].map((route) => route.replace(/:\w+/g, 'NAME'));
  const suggestion = nearest(path, routes);
  const hint = suggestion === undefined ? '' : `; did you mean '${suggestion}'?`;
  throw invalidArgument(
    `faults.api: path: no path of the HTTP API contains '${path}'${hint}; expected a part of one of these paths: ${routes.join(', ')}`,
  );
}

/**
 * Whether the path of a route can contain these parts in sequence: the first at the end of a segment, the last at the start of
 * another one. At least one part must match a fixed segment, because a parameter matches anything.
 */
function canContain(route: readonly string[], parts: readonly string[]): boolean {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    return route.some((segment) => !isParameter(segment) && segment.includes(only));
  }
  const last = parts.length - 1;
  return route.some((_, start) => {
    if (start + last >= route.length) return false;
    const fits = (part: string, index: number): boolean => {
      const segment = route[start + index] ?? '';
      if (isParameter(segment)) return part !== '' || index === 0 || index === last;
      if (index === 0) return segment.endsWith(part);
      return index === last ? segment.startsWith(part) : segment === part;
    };
    const names = (part: string, index: number): boolean =>
      part !== '' && !isParameter(route[start + index] ?? '');
    return parts.every(fits) && parts.some(names);
  });
}

function isParameter(segment: string): boolean {
  return segment.startsWith(':');
}
