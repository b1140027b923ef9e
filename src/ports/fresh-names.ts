/** Generates the ids, keys and secrets of new apps. Secrets cannot be guessed, and nothing is generated twice. */
export interface FreshNames {
  appId(): string;
  key(): string;
  secret(): string;
}
