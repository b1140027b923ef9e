/** The number of channels that are left, or looked up for backends, in one turn of the event loop: together a few milliseconds of work. */
const perTurn = {
  alone: { leaves: 500, questions: 2500 },
  /** Each step is a script call. */
  onRedis: { leaves: 40, questions: 100 },
};

/** Returns how many steps of work that can wait fit into one turn of the event loop. */
export function readPerTurn(config: { readonly redis: unknown }): (typeof perTurn)['alone'] {
  return config.redis === undefined ? perTurn.alone : perTurn.onRedis;
}
