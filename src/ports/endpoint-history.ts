/** What happened to an endpoint that makes its state less certain. */
export interface EndpointHistory {
  readonly url: string;
  /** When the URL was changed, by the time of day. Absent if it was not, as far as is known. */
  readonly urlChangedAtMs?: number;
  /** The URL was changed while the server was down, some time before `urlChangedAtMs`. */
  readonly changedWhileDown?: boolean;
  /** The number of deliveries that were resent on demand and accepted. */
  readonly resent: number;
}

/** Keeps the histories of endpoints for the next run. */
export interface HistoryKeeper {
  put(appId: string, endpointId: string, history: EndpointHistory): void;
  remove(appId: string, endpointId: string): void;
}
