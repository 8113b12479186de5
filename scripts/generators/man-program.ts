/** The manual page vrrp-agent(8), from the definitions of the commands. */
import { type CommandNode, commandTree, flattened } from './command-tree.ts';
import { bold, pageHeader, roffText, tagged } from './roff.ts';

const DESCRIPTION = `Directors of a Linux Virtual Server share virtual IP addresses (VIPs). \
\`vrrp-agent\` runs on each director, decides by VRRP version 2 (RFC 3768) or 3 (RFC 9568) which of \
them holds the VIPs, and moves them when a director dies, hangs, is cut off or is taken down. It also \
keeps the IPVS services, checks the real servers and synchronises the connections.`;

const EXIT_STATUS: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'usage or configuration'],
  ['3', 'not reached in time'],
  ['4', 'refused as unsafe'],
  ['5', 'no agent answers'],
];

const SIGNALS: readonly (readonly [string, string])[] = [
  ['SIGTERM, SIGINT', 'stop: send priority 0, and serve until a successor is heard'],
  ['SIGHUP', 'read the configuration file again'],
  ['SIGUSR1', 'no effect'],
  ['SIGUSR2', 'start the installed program, which takes over without an interruption'],
];

const FILES: readonly (readonly [string, string])[] = [
  ['/etc/vrrp-agent/vrrp-agent.yaml', 'the configuration, see `vrrp-agent.yaml`(5)'],
  ['/run/vrrp-agent/control.sock', 'the control socket'],
  ['/var/lib/vrrp-agent', 'state that survives a restart, and the history'],
  ['/usr/share/doc/vrrp-agent', 'guides, examples, alert rules for Prometheus'],
];

export async function manualOfProgram(version: string, date: string): Promise<string> {
  const tree = await commandTree();
  return [
    pageHeader('vrrp-agent', 8, date, version),
    '.SH NAME',
    'vrrp\\-agent \\- VRRP high\\-availability agent for pairs of Linux Virtual Server directors',
    '.SH SYNOPSIS',
    ...tree.commands.flatMap((one) => [synopsis(one), '.br']),
    '.SH DESCRIPTION',
    roffText(DESCRIPTION),
    '.SH COMMANDS',
    ...flattened(tree)
      .filter(({ path }) => path.length > 0)
      .map(section),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.map(([status, text]) => tagged(bold(status), text)),
    '.SH SIGNALS',
    ...SIGNALS.map(([names, text]) => tagged(bold(names), text)),
    '.SH FILES',
    ...FILES.map(([path, text]) => tagged(bold(path), text)),
    '.SH SEE ALSO',
    `${bold('vrrp-agent.yaml')}(5), ${bold('ipvsadm')}(8), ${bold('systemctl')}(1)`,
    '',
  ].join('\n');
}

function synopsis({ path, usage }: CommandNode): string {
  return `${bold(['vrrp-agent', ...path].join(' '))} ${roffText(usage)}`.trimEnd();
}

function section(node: CommandNode): string {
  const rows = [
    ...node.arguments.map((one) => tagged(bold(one.name()), one.description)),
    ...node.options.map((one) => tagged(bold(one.flags), optionText(one))),
  ];
  const text = paragraphs(node.description || node.summary);
  return [`.SS "${roffText(['vrrp-agent', ...node.path].join(' '))}"`, ...text, ...rows].join('\n');
}

/** Indented lines are commands or tables: they keep their line breaks. */
function paragraphs(text: string): string[] {
  return text.split(/\n{2,}/).flatMap((block, at) => {
    const isExample = /^ {2}/.test(block);
    const body = roffText(block);
    return [...(at === 0 ? [] : ['.PP']), ...(isExample ? ['.nf', body, '.fi'] : [body])];
  });
}

function optionText({ description, defaultValue, argChoices }: CommandNode['options'][number]) {
  const notes = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(isShown(defaultValue) ? [`default: ${String(defaultValue)}`] : []),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

function isShown(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}
