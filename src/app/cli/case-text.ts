import type { CaseEntry, ReconciliationCase } from '../../../topologies/reconciliation/events.ts';

const BOLD = '\u001b[1m';
const DIM = '\u001b[2m';
const RESET = '\u001b[0m';

interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

function styleFor(hasColour: boolean): Style {
  const around = (code: string) => (text: string) => (hasColour && text !== '' ? `${code}${text}${RESET}` : text);
  return { bold: around(BOLD), dim: around(DIM) };
}

/** What a terminal would take for a command is shown as a question mark: the texts come from outside. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
}

/** Cases as a table, a line each, with a head. */
export function caseTable(cases: readonly ReconciliationCase[], hasColour: boolean): string {
  const { bold, dim } = styleFor(hasColour);
  const head = ['CASE', 'STATUS', 'KIND', 'TERMINAL', 'AMOUNT', 'OPENED', 'ASSIGNEE'];
  const rows = cases.map((each) => [
    each.caseId,
    each.status,
    each.kind,
    each.terminalId,
    `${each.amount} ${each.currency}`.trim(),
    each.openedAt,
    each.assignee ?? '',
  ]);
  const lines = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_name, column) => Math.max(...lines.map((row) => row[column]!.length)));
  return lines
    .map((row, index) => {
      const [id, ...rest] = row.map((text, column) => text.padEnd(widths[column]!));
      const line = index === 0 ? dim(`${id}  ${rest.join('  ')}`) : `${bold(id!)}  ${rest.join('  ')}`;
      return `${line.trimEnd()}\n`;
    })
    .join('');
}

/** One case with its whole history, oldest first. */
export function caseText(each: ReconciliationCase, hasColour: boolean): string {
  const { bold, dim } = styleFor(hasColour);
  const { proposal, resolution } = each;
  const money = (amount: string) => `${amount} ${each.currency}`.trim();
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['status', each.status],
    ['kind', `${each.kind}${each.reason === '' ? '' : ` (${each.reason})`}`],
    ['withdrawal', each.withdrawalId],
    ['account', each.accountId === '' ? 'unknown' : each.accountId],
    ['terminal', each.terminalId],
    ['amount', money(each.amount)],
    ['proven taken', money(each.taken)],
    ['posted', each.posted === undefined ? 'nothing: the amount is held' : money(each.posted)],
    ['opened', each.openedAt],
    ['assignee', each.assignee],
    ['proposed', proposal && `${proposal.decision} by ${proposal.by}; another person must confirm`],
    [
      'resolved',
      resolution &&
        [
          `${resolution.decision}, ${money(resolution.moved)} moved`,
          ...(resolution.persons.length === 0 ? [] : [`by ${resolution.persons.join(' and ')}`]),
          ...(resolution.serialNumber === undefined ? [] : [`serial number ${resolution.serialNumber}`]),
        ].join(', '),
    ],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${dim(name.padEnd(13))}${plain(value)}`],
  );
  const history = each.history.map((entry) => historyLine(entry, dim));
  return `${[bold(plain(each.caseId)), ...lines, '', '  history', ...history].join('\n')}\n`;
}

function historyLine({ at, event, state, by, note, topic, partition, offset }: CaseEntry, dim: Style['dim']): string {
  const who = by === undefined ? '' : ` by ${by}`;
  const said = note === undefined || note === '' ? '' : `: ${note}`;
  return `  ${dim(at)}  ${plain(`${event} -> ${state}${who}${said}`)}  ${dim(`${topic} ${partition}@${offset}`)}`;
}
