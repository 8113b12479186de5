/** `ipvs show`: the results of the checks of real servers. */
import type {
  CheckDocument,
  IpvsDocument,
  QuorumDocument,
  ServerHealthDocument,
  ServiceHealthDocument,
} from '../../control/ipvs-document.ts';
import { type Palette, printable } from '../terminal/text.ts';

/** Short text for a column. */
export function healthText({ state, drained }: ServerHealthDocument): string {
  const looked = state === 'unchecked' ? '-' : state;
  if (drained === null) return looked;
  return state === 'unchecked' ? 'drained' : `${looked}, drained`;
}

/** A block for each service with checks, drained servers, a minimum, a quorum or a fallback. */
export function renderHealth({ health }: IpvsDocument, palette: Palette): string {
  return health
    .filter(hasHealth)
    .map((service) => serviceBlock(service, palette))
    .join('');
}

function hasHealth({ servers, fallback, minimum, quorum }: ServiceHealthDocument): boolean {
  return (
    fallback !== null ||
    quorum !== null ||
    minimum !== null ||
    servers.some(
      ({ check, weight_from: feedback, drained }) =>
        check !== null || feedback !== null || drained !== null,
    )
  );
}

function serviceBlock(service: ServiceHealthDocument, palette: Palette): string {
  const { healthy, total, minimum, fallback, quorum } = service;
  const needed = minimum === null ? '' : `, ${minimum} needed`;
  const reached = quorum === null ? '' : `, ${quorumText(quorum, palette)}`;
  const used = fallback?.active === true ? palette.bad('in use') : 'not in use';
  const spare = fallback === null ? '' : `, fallback ${fallback.server} ${used}`;
  const lines = service.servers.map((server) => `  ${serverLine(server, palette)}\n`);
  return `${service.service}: ${healthy} of ${total} servers healthy${needed}${reached}${spare}\n${lines.join('')}`;
}

function quorumText({ weight, hysteresis, live, reached }: QuorumDocument, palette: Palette) {
  const state = reached ? 'reached' : palette.bad('lost');
  const margin = hysteresis === 0 ? '' : ` ± ${hysteresis}`;
  return `quorum ${state} (weight ${live}, ${weight}${margin} needed)`;
}

function serverLine(server: ServerHealthDocument, palette: Palette): string {
  const { state, check, weight_from: feedback, drained } = server;
  const text = state === 'down' ? palette.bad(state) : state;
  const parts = [`${server.server} ${text}${sinceOf(check)}`, weightText(server)];
  if (check?.result != null) parts.push(`last check: ${printable(check.result)}`);
  if (feedback?.result != null) parts.push(`weight from: ${printable(feedback.result)}`);
  if (drained !== null) parts.push(`drained since ${drained.since} by ${printable(drained.by)}`);
  return parts.join(', ');
}

function sinceOf(check: CheckDocument | null): string {
  return check === null || check.since === null ? '' : ` since ${check.since}`;
}

function weightText({ effective_weight: now, configured_weight: file }: ServerHealthDocument) {
  if (now === null) return 'removed';
  return now === file ? `weight ${now}` : `weight ${now} (${file} in the file)`;
}
