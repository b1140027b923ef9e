/** A public key, and the secret that proves to belong to it. */
export interface KeyPair {
  readonly key: string;
  readonly secret: string;
}

/** The pairs of an app that authenticate: the oldest, and those that came since. */
export interface KeyRing extends KeyPair {
  readonly otherKeys: readonly KeyPair[];
}

/** The secret that belongs to a key of the app; undefined when the key is not the app's. */
export function secretOf(app: KeyRing, key: string): string | undefined {
  if (key === app.key) return app.secret;
  return app.otherKeys.find((pair) => pair.key === key)?.secret;
}
