/** The plan of a reload as lines: what changes, how, and which MASTER resigns. */
import type {
  InstanceReloadDocument,
  KeyChangeDocument,
  ReloadDocument,
} from '../../control/protocol.ts';
import { type Palette, printable } from '../terminal/text.ts';

export function renderReload(document: ReloadDocument, palette: Palette): string {
  const { applied, file, instances, unchanged, agent, warnings } = document;
  const width = Math.max(0, ...instances.map(({ name }) => name.length));
  const lines = [
    applied ? `${file}: applied` : `${file}: plan only, nothing has changed`,
    ...instances.flatMap((one) => instanceLines(one, width, applied, palette)),
    `  ${unchanged} ${unchanged === 1 ? 'instance is' : 'instances are'} unchanged and not interrupted`,
    ...agent
      .filter(({ effect }) => effect === 'applied')
      .map((one) => `  agent: ${changeText(one)}`),
    ...agent
      .filter(({ effect }) => effect === 'needs-restart')
      .map((one) =>
        palette.notable(
          `  agent: ${changeText(one)}: takes effect only after a restart of the agent`,
        ),
      ),
    ...warnings.map(
      ({ file: name, line, column, message }) => `  ${name}:${line}:${column}: warning: ${message}`,
    ),
    ...(document.host_lacks ?? []).map((one) => palette.notable(`  warning: ${one}`)),
    ...(document.cuts ?? []).map((one) => palette.bad(`  ${cutText(one, applied)}`)),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function instanceLines(
  instance: InstanceReloadDocument,
  width: number,
  applied: boolean,
  palette: Palette,
): string[] {
  const { name, action, former_name: former, changes } = instance;
  const head = `  ${name.padEnd(width)}  ${action.padEnd('restart'.length)}  ${consequence(instance, applied)}`;
  return [
    instance.costs_mastership ? palette.bad(head) : head,
    ...(former === null ? [] : [`      name: ${former} -> ${name}`]),
    ...changes.filter(({ key }) => key !== 'name').map((one) => `      ${changeText(one)}`),
  ];
}

function consequence(instance: InstanceReloadDocument, applied: boolean): string {
  const { action, state, costs_mastership: costs } = instance;
  const [resigns, restarts] = applied ? ['resigns', 'restarts'] : ['would resign', 'restart'];
  switch (action) {
    case 'start':
      return 'new instance';
    case 'stop':
      return costs ? `MASTER: ${resigns}` : `${state ?? 'INIT'}: releases its addresses`;
    case 'restart':
      return costs ? `MASTER: ${resigns} and ${restarts}` : `${state ?? 'INIT'}: restarts`;
    case 'change':
      return `${state ?? 'INIT'}: in place`;
  }
}

function cutText(
  { service, server, connections }: NonNullable<ReloadDocument['cuts']>[number],
  applied: boolean,
): string {
  const removal = `${server} leaves the service ${service}`;
  if (applied) return `ipvs: ${connections} connections end, as ${removal}`;
  const cure = `vrrp-agent ipvs drain ${service} ${server} --wait 10m`;
  return `ipvs: ${connections} connections would end, as ${removal}; first: ${cure}`;
}

function changeText({ key, from, to }: KeyChangeDocument): string {
  if (Array.isArray(from) && Array.isArray(to)) return `${key}: ${listText(from, to)}`;
  return `${key}: ${valueText(from)} -> ${valueText(to)}`;
}

/** Removed and added elements. */
function listText(from: readonly unknown[], to: readonly unknown[]): string {
  const [former, next] = [from, to].map((list) => list.map(valueText));
  const removed = (former ?? []).filter((text) => next?.includes(text) === false);
  const added = (next ?? []).filter((text) => former?.includes(text) === false);
  if (removed.length + added.length === 0) return 'order changed';
  return [...removed.map((text) => `-${text}`), ...added.map((text) => `+${text}`)].join(' ');
}

function valueText(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  const { address, interface: link, ...rest } = value as Readonly<Record<string, unknown>>;
  if (typeof address !== 'string' || Object.keys(rest).length > 0) return JSON.stringify(value);
  return typeof link === 'string' ? `${address}@${link}` : address;
}
