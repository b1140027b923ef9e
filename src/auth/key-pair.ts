/** A public key and its secret. */
export interface KeyPair {
  readonly key: string;
  readonly secret: string;
}

/** The key pairs of an app: the oldest, and those added since. */
export interface KeyRing extends KeyPair {
  readonly otherKeys: readonly KeyPair[];
}

/** The secret of a key of the app; undefined when the key does not belong to the app. */
export function secretOfKey(app: KeyRing, key: string): string | undefined {
  if (key === app.key) return app.secret;
  return app.otherKeys.find((pair) => pair.key === key)?.secret;
}
