/** So many channels are left, and looked up for backends, in one turn of the event loop: some milliseconds. */
const perTurn = {
  alone: { leaves: 500, questions: 2500 },
  /** Each is a call of a script. */
  onRedis: { leaves: 40, questions: 100 },
};

/** How much of what can wait is done in one turn of the event loop. */
export function readPerTurn(config: { readonly redis: unknown }): (typeof perTurn)['alone'] {
  return config.redis === undefined ? perTurn.alone : perTurn.onRedis;
}
