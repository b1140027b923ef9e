import type { Command } from 'commander';
import type { AttemptView } from '../views/deliveries.ts';
import { AdminError, pathOf, type Admin } from './admin.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { describeEnd } from './deliveries.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { appPath, findApp } from './named.ts';
import { printJson, printLine, printNote } from './print.ts';
import { excerpt, printable } from './printable.ts';

export function define(command: Command): void {
  addAppOptions(
    command
      .description('Resends deliveries now: one attempt each, with the same webhook-id and body.')
      .argument('<id...>', 'deliveries by their webhook-id, as listed by deliveries and dropped'),
  )
    .addHelpText(
      'after',
      `
A resent event is old: the endpoint may have received newer events of the channel. X-Soketify-Resend marks it.

  soketify-emulator resend msg_0c5d2f
  soketify-emulator resend msg_0c5d2f msg_7e91b4

${askingExitCodes} 1 also if an endpoint did not accept a delivery.`,
    )
    .action((ids: readonly string[], options: AppAskingOptions) =>
      asking(options, (admin) => resend(admin, ids, options)),
    );
}

async function resend(admin: Admin, ids: readonly string[], options: AppAskingOptions): Promise<ExitCode> {
  const path = appPath(await findApp(admin, options));
  let code: ExitCode = exitCode.done;
  for (const id of ids) {
    try {
      const resent = await admin.post<AttemptView>(`${path}${pathOf`/deliveries/${id}/resend`}`);
      if (options.json === true) printJson({ id, ...resent });
      else printResent(id, resent);
      if (resent.result !== 'success') code = exitCode.failed;
    } catch (error) {
      // Without a code the server could not be reached, so the others would fail too.
      if (!(error instanceof AdminError) || error.code === undefined || ids.length === 1) throw error;
      printNote(`${printable(id)}: ${error.message}`);
      code = exitCode.failed;
    }
  }
  return code;
}

function printResent(id: string, resent: AttemptView): void {
  const answer = excerpt(resent.answer ?? '', 200);
  const said = answer === '' ? '' : `: ${answer}`;
  const verdict = resent.result === 'success' ? 'accepted' : 'not accepted';
  printLine(
    `${printable(id)} ${verdict}, ${describeEnd(resent)} in ${Math.round(resent.elapsedMs ?? 0)} ms${said}`,
  );
}
