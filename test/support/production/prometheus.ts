import { freePort } from '../redis/ports.ts';
import { requireTool } from '../tools.ts';
import { fillIn, runUntilTestEnds, sample, temporaryFolder, writeInto } from './proxy.ts';
import { tools } from './tools.ts';

/** One series of an answer: its labels and its value. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus with the configuration and the rules of `config/monitoring`. */
export interface Prometheus {
  /** Evaluates an expression now. @throws {Error} with Prometheus' own message if it is invalid. */
  query(expression: string): Promise<readonly Sample[]>;
}

/** Starts a Prometheus that scrapes these servers (`HOST:PORT`) every second until the test ends. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const [folder, port] = [await temporaryFolder(), await freePort()];
  const config = fillIn(await sample('monitoring/prometheus.yml'), {
    'scrape_interval: 15s': 'scrape_interval: 1s',
  });
  const file = await writeInto(folder, 'prometheus.yml', config);
  await writeInto(folder, 'alerts.yml', await sample('monitoring/alerts.yml'));
  const ofCompose = "['node1:6001', 'node2:6001', 'node3:6001']";
  const nodes = fillIn(await sample('monitoring/targets.yml'), { [ofCompose]: JSON.stringify(targets) });
  await writeInto(folder, 'targets.yml', nodes);
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  await runUntilTestEnds(requireTool(tools.prometheus), args, port);
  return {
    async query(expression) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: expression }),
      });
      const body = (await answer.json()) as {
        readonly error?: string;
        readonly data?: { readonly result: readonly Sample[] };
      };
      if (body.data === undefined) throw new Error(`${expression}: ${body.error ?? answer.status}`);
      return body.data.result;
    },
  };
}
