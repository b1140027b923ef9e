/**
 * The form of an origin as browsers send it: scheme, host and perhaps a port. An origin of another form, such as `null`, is
 * allowed only by `*` or by its exact text.
 */
const originForm = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/;

/** The same with `*` where a pattern may contain it. */
const patternForm = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._*-]+)(?::(\d{1,5}|\*))?$/;

/** Browsers omit these ports. */
const defaultPorts = new Map([
  ['http', '80'],
  ['https', '443'],
]);

/**
 * Whether the origin of a page is allowed. Case does not matter. The pattern `*` alone matches every origin. Elsewhere, `*`
 * stays within its place: as the first label of a host it matches one or more labels, within a label it matches a part of
 * that label, and as the port it matches any port or none.
 */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  const text = lowerCase(origin);
  return allowed.some((pattern) => pattern === '*' || matches(text, lowerCase(pattern)));
}

/** Whether a pattern is usable. A pattern of another form would match nothing, or more than it seems to. */
export function isOriginPattern(pattern: string): boolean {
  if (pattern === '*') return true;
  const host = patternForm.exec(lowerCase(pattern))?.[2];
  if (host === undefined) return false;
  const labels = host.split('.');
  // `https://example.*` and `https://example.com*` would allow hosts that anyone can register.
  const mayHaveStar = host === '*' ? 1 : labels.length - 1;
  return labels.every(
    (label, index) =>
      label !== '' && (!label.includes('*') || (index < mayHaveStar && (label !== '*' || index === 0))),
  );
}

function matches(origin: string, pattern: string): boolean {
  if (origin === pattern) return true;
  const [, scheme, host, port] = originForm.exec(origin) ?? [];
  const [, wantedScheme, wantedHost, wantedPort] = patternForm.exec(pattern) ?? [];
  if (scheme === undefined || host === undefined || wantedHost === undefined) return false;
  if (scheme !== wantedScheme || !matchesHost(host, wantedHost)) return false;
  const defaultPort = defaultPorts.get(scheme);
  return wantedPort === '*' || (port ?? defaultPort) === (wantedPort ?? defaultPort);
}

function matchesHost(host: string, pattern: string): boolean {
  const labels = host.split('.');
  const wanted = pattern.split('.');
  if (wanted[0] === '*') {
    if (labels.length < wanted.length) return false;
    labels.splice(0, labels.length - wanted.length + 1, '*');
  }
  return (
    labels.length === wanted.length && labels.every((label, index) => matchesLabel(label, wanted[index]))
  );
}

/**
 * Matches each part of the pattern at its first position and never backtracks. The origin is untrusted text, and a regular
 * expression with several `.*` takes seconds for an origin of two kilobytes.
 */
function matchesLabel(label: string, pattern = ''): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return label === first;
  if (!label.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = label.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return label.length - last.length >= at && label.endsWith(last);
}

/** Only ASCII: other letters have lower-case forms that are ASCII. */
function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
