/** Makes up what an app is known by. Nobody can guess a secret of it, and nothing is made up twice. */
export interface FreshNames {
  appId(): string;
  key(): string;
  secret(): string;
}
