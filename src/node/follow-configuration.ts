import type { LocalApps } from '../apps/local-app.ts';
import { outgrownBounds } from '../config/checks/bounds.ts';
import type { Config } from '../config/schema/schema.ts';
import type { Running } from '../configuration/in-force.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Backplane } from './backplane.ts';
import type { Clients, JoinedClients } from './clients.ts';

/** The parts of a server that follow changes of its configuration. */
export interface FollowingParts {
  /** The configuration at the start. */
  readonly config: Config;
  readonly apps: LocalApps;
  readonly clients: Pick<Clients, 'gateway'>;
  readonly joined: Pick<JoinedClients, 'serveOnly'>;
  readonly backplane: Pick<Backplane, 'replace'>;
  readonly ledger: Pick<Ledger, 'retire'>;
  readonly isClosing: () => boolean;
}

/** Makes the parts of a running server follow its configuration. */
export function followConfiguration(parts: FollowingParts): Running {
  const { config, apps, clients, joined, backplane, ledger, isClosing } = parts;
  return {
    // The largest message and backlog of a client are fixed when the server starts to listen.
    refuse(next) {
      const [outgrown] = outgrownBounds(next, config);
      return outgrown && `${outgrown.path}: ${outgrown.message}. Restart the server to raise it`;
    },
    showCertificate: (files) => clients.gateway.reloadTls(files),
    async serve(configured) {
      if (isClosing()) return;
      const gone = apps.replace(configured);
      const left = joined.serveOnly(configured, gone);
      if (gone.length > 0) {
        // The endpoints of a removed app must still receive the departures of its members.
        backplane.replace([...configured, ...gone.map((app) => app.config)]);
        await left;
        for (const app of gone) await ledger.retire(app.config.id);
      }
      // If the shutdown has started meanwhile, it needs the endpoints as they are.
      if (!isClosing()) backplane.replace(configured);
      await left;
    },
  };
}
