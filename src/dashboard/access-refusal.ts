/** Why a request to the Dashboard or the admin API is refused. */
export interface AccessRefusal {
  readonly status: 401 | 403 | 415 | 421 | 429;
  readonly code:
    | 'ERR_TOKEN'
    | 'ERR_INSECURE'
    | 'ERR_FORWARDED'
    | 'ERR_REMOTE'
    | 'ERR_ORIGIN'
    | 'ERR_ROLE'
    | 'ERR_NO_TOKEN'
    | 'ERR_CONTENT_TYPE'
    | 'ERR_HOST'
    | 'ERR_TOO_MANY_TRIES';
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** Whether access was refused. */
export function isRefusal(outcome: object): outcome is AccessRefusal {
  return 'status' in outcome;
}
