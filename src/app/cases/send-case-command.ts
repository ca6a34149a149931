import type { CaseCommand, ReconciliationCase, RejectedCommand } from '../../../topologies/reconciliation/events.ts';
import { RECONCILIATION_TOPICS as TOPICS } from '../../../topologies/reconciliation/topics.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import { containsCardNumber } from '../../privacy/card-numbers.ts';
import { type HeadraceNode, recordsOf, valueIn } from '../node.ts';

export interface SendCaseCommandOptions {
  readonly clock: Clock;
  /** How long to wait for what becomes of it, milliseconds (30,000). */
  readonly waitMaxMs?: number;
}

export type CaseCommandOutcome =
  /** The case after it. Of a confirmed decision it may still be `resolving`, where the ledger takes its time. */
  { readonly case: ReconciliationCase } | { readonly refusal: Pick<RejectedCommand, 'code' | 'reason'> };

const WAIT_MAX_MS = 30_000;
/** A commit that is missed between a look and the wait delays the next look by so much at most. */
const COMMIT_WAIT_MS = 200;

/**
 * Sends a person's command about a case and waits until it stands in the case's history, or is refused. Throws
 * INPUT_INVALID for a case that does not exist and for a text that holds what looks like a card number, with nothing
 * sent; NOT_RUNNING (retriable) where the engine does not come to it in time: the same command may be sent again, for it
 * is done once.
 */
export async function sendCaseCommand(
  node: HeadraceNode,
  command: CaseCommand,
  { clock, waitMaxMs = WAIT_MAX_MS }: SendCaseCommandOptions,
): Promise<CaseCommandOutcome> {
  refuseCardNumbers(command);
  const { caseId } = command;
  const existing = await node.findCase(caseId);
  if (existing === undefined) {
    throw new HeadraceError('INPUT_INVALID', `There is no case ${caseId}; "headrace cases list" lists those there are`);
  }
  const key = Buffer.from(existing.terminalId);
  const watermarks = await node.watermarks(TOPICS.rejected);
  const partition = partitionFor(key, watermarks.length);
  const rejectedFrom = watermarks[partition]!.end;
  const value = Buffer.from(JSON.stringify(command));
  const [position] = await node.append([{ topic: TOPICS.commands, partition, timestamp: clock(), key, value }]);
  const until = clock() + waitMaxMs;
  for (;;) {
    const refusal = await refusalOf(node, command.commandId, partition, rejectedFrom);
    if (refusal !== undefined) return { refusal };
    const current = await node.findCase(caseId);
    const isTaken = current?.history.some(({ commandId }) => commandId === command.commandId) === true;
    // What two persons have decided is done when the ledger has answered.
    if (isTaken && current.status !== 'resolving') return { case: current };
    if (clock() >= until) {
      if (isTaken) return { case: current };
      const message = `The command stands at ${TOPICS.commands} ${partition}@${position!.offset}, but was not processed within ${Math.round(waitMaxMs / 1_000)} s; "headrace cases show ${caseId}" shows when it is`;
      throw new HeadraceError('NOT_RUNNING', message, { retriable: true });
    }
    await node.awaitCommit(Math.max(1, Math.min(COMMIT_WAIT_MS, until - clock())));
  }
}

function refuseCardNumbers({ caseId, by, to, note }: CaseCommand): void {
  for (const [name, text] of Object.entries({ caseId, by, to, note })) {
    if (text === undefined || !containsCardNumber(text)) continue;
    throw new HeadraceError('INPUT_INVALID', `${name} holds what looks like a card number; it must not come in`);
  }
}

async function refusalOf(
  node: HeadraceNode,
  commandId: string,
  partition: number,
  from: number,
): Promise<Pick<RejectedCommand, 'code' | 'reason'> | undefined> {
  const end = (await node.watermarks(TOPICS.rejected))[partition]!.end;
  for await (const record of recordsOf(node, TOPICS.rejected, partition, from, end)) {
    const rejected = await valueIn<RejectedCommand>(node, TOPICS.rejected, record);
    if (rejected.commandId === commandId) return { code: rejected.code, reason: rejected.reason };
  }
  return undefined;
}
