/** `ipvs show`: the load balancer as a table, and in the format of ipvsadm-restore(8). */
import type {
  IpvsDocument,
  ServerDocument,
  ServerHealthDocument,
  ServiceDocument,
  ServiceHealthDocument,
} from '../../control/ipvs-document.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { type Palette, printable } from '../terminal/text.ts';
import { healthText, renderHealth } from './ipvs-health.ts';

interface Options {
  readonly palette: Palette;
  readonly width: number;
}

/** One line of the table: a service, or one of its servers below it. */
interface Line {
  readonly service: ServiceDocument;
  readonly server: ServerDocument | undefined;
  readonly health: ServerHealthDocument | undefined;
}

export function renderIpvs(document: IpvsDocument, { palette, width }: Options): string {
  const parts = [headline(document)];
  for (const trouble of document.troubles)
    parts.push(palette.bad(`trouble: ${printable(trouble)}\n`));
  if (document.sync !== null) parts.push(renderSync(document.sync));
  const lines = document.services.flatMap((service) =>
    linesOf(
      service,
      document.health.find((one) => one.service === service.name),
    ),
  );
  if (lines.length > 0)
    parts.push('\n', renderTable(columns(palette), lines, width, palette.strong));
  const health = renderHealth(document, palette);
  if (health !== '') parts.push('\n', health);
  return parts.join('');
}

function linesOf(service: ServiceDocument, health: ServiceHealthDocument | undefined): Line[] {
  const servers = service.servers.map((server): Line => {
    const name = formatEndpoint(server);
    return { service, server, health: health?.servers.find((one) => one.server === name) };
  });
  return [{ service, server: undefined, health: undefined }, ...servers];
}

function headline(document: IpvsDocument): string {
  const { available, required, version, table_size: size, services, counters } = document;
  if (!available) {
    const consequence = required
      ? 'it is required: no instance becomes MASTER'
      : 'VRRP continues without it';
    return `IPVS cannot be used on this host; ${consequence}\n`;
  }
  const repairs = counters.service_repairs + counters.sync_repairs + counters.sysctl_repairs;
  return `IPVS ${version}, table of ${size} rows, ${services.length} services, ${repairs} repairs\n`;
}

function renderSync(sync: NonNullable<IpvsDocument['sync']>): string {
  const guard = sync.rst_guard ? ', resets from the VIPs suppressed' : '';
  const lines = sync.daemons.map(
    ({ role, interface: link, sync_id: id, group, port }) =>
      `  ${role} daemon on ${link}, sync id ${id}, ${group ?? 'default group'} port ${port ?? 8848}\n`,
  );
  const wanted = sync.roles.join(' and ');
  const none = lines.length === 0 ? '  no daemon runs\n' : '';
  const daemons = `${lines.join('')}${none}`;
  return `sync follows ${sync.instance} (${sync.mode}): ${wanted}${guard}\n${daemons}${renderConnections(sync.connections)}`;
}

function renderConnections({ live, synced, caught_up: caughtUp, resent, peers }: Connections) {
  const own = `  ${live} connections, ${synced} of them from another director`;
  const notes = [caughtUp ? '' : ', not caught up', resent === 0 ? '' : `, ${resent} sent again`];
  const others = peers.map(({ name: reported, master, live: count, missing }) => {
    // Any host on the segment can send a name.
    const name = printable(reported);
    const role = master ? 'MASTER' : 'not MASTER';
    return `  ${name} (${role}) has ${count}${missingText(name, master, missing)}\n`;
  });
  return `${own}${notes.join('')}\n${others.join('')}`;
}

function missingText(name: string, master: boolean, missing: number | null): string {
  if (missing === null) return '';
  return master
    ? `; ${missing} of them are missing here`
    : `; ${name} lacks ${missing} of those here`;
}

type Connections = NonNullable<IpvsDocument['sync']>['connections'];

function columns(palette: Palette): readonly Column<Line>[] {
  return [
    {
      title: 'SERVICE',
      cell: ({ service, server }) =>
        server === undefined ? titleOf(service) : `  -> ${formatEndpoint(server)}`,
    },
    {
      title: 'SCHEDULER',
      cell: ({ service, server }) =>
        server === undefined ? schedulerOf(service) : server.forwarding,
    },
    {
      title: 'WEIGHT',
      cell: ({ server }) => (server === undefined ? '' : weightOf(server)),
      paint: ({ server }) => (server?.weight === 0 ? palette.notable : (text) => text),
    },
    {
      title: 'HEALTH',
      cell: ({ health }) => (health === undefined ? '' : healthText(health)),
      paint: ({ health }) => (health?.state === 'down' ? palette.bad : (text) => text),
    },
    { title: 'ACTIVE', cell: ({ service, server }) => String(sum(service, server, 'active')) },
    { title: 'INACTIVE', cell: ({ service, server }) => String(sum(service, server, 'inactive')) },
    { title: 'CONNS', cell: (line) => String(statisticsOf(line).connections) },
    { title: 'CONNS/s', cell: (line) => String(statisticsOf(line).connection_rate) },
    { title: 'IN B/s', cell: (line) => String(statisticsOf(line).byte_rate_in) },
    { title: 'OUT B/s', cell: (line) => String(statisticsOf(line).byte_rate_out) },
  ];
}

function statisticsOf({ service, server }: Line) {
  return (server ?? service).statistics;
}

function sum(
  service: ServiceDocument,
  server: ServerDocument | undefined,
  which: 'active' | 'inactive',
): number {
  if (server !== undefined) return server[which];
  return service.servers.reduce((total, one) => total + one[which], 0);
}

function weightOf({ weight, wanted_weight: wanted }: ServerDocument): string {
  return wanted === null || wanted === weight ? String(weight) : `${weight} (${wanted} wanted)`;
}

function titleOf(service: ServiceDocument): string {
  const name = service.name === null ? '(foreign) ' : `${service.name} `;
  return `${name}${service.protocol ?? 'fwmark'} ${keyOf(service)}`;
}

function schedulerOf({ scheduler, flags, one_packet: onePacket, persistence }: ServiceDocument) {
  const options = flags.length === 0 ? '' : ` (${flags.join(',')})`;
  const persistent = persistence === null ? '' : ` persistent ${persistence.seconds}`;
  return `${scheduler}${options}${persistent}${onePacket ? ' ops' : ''}`;
}

function keyOf({ address, port, fwmark }: ServiceDocument): string {
  return address === null || port === null ? String(fwmark) : formatEndpoint({ address, port });
}

const PROTOCOL_OPTION = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const;
const FORWARDING_OPTION: Readonly<Record<string, string>> = { nat: '-m', dr: '-g', tun: '-i' };

/** The output of `ipvsadm-save -n`. */
export function ipvsadmLines({ services }: IpvsDocument): string {
  const lines = services.flatMap((service) => [
    serviceLine(service),
    ...service.servers.map((server) => serverLine(service, server)),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

function serviceLine(service: ServiceDocument): string {
  const { persistence, flags } = service;
  return [
    '-A',
    ...selector(service),
    ...['-s', service.scheduler],
    ...(persistence === null ? [] : persistenceOptions(service, persistence)),
    ...(flags.length === 0 ? [] : ['-b', flags.join(',')]),
    ...(service.one_packet ? ['-o'] : []),
  ].join(' ');
}

function persistenceOptions(
  { family }: ServiceDocument,
  { seconds, prefix_length: bits, engine }: NonNullable<ServiceDocument['persistence']>,
): string[] {
  const whole = family === 'ipv4' ? 32 : 128;
  const mask = family === 'ipv4' ? dotted(bits) : String(bits);
  return [
    ...['-p', String(seconds)],
    ...(bits === whole ? [] : ['-M', mask]),
    ...(engine === null ? [] : ['--pe', engine]),
  ];
}

function dotted(bits: number): string {
  const mask = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (mask >>> shift) & 0xff).join('.');
}

function serverLine(service: ServiceDocument, server: ServerDocument): string {
  const { tunnel, upper_threshold: upper, lower_threshold: lower } = server;
  return [
    '-a',
    ...selector(service),
    ...['-r', formatEndpoint(server)],
    FORWARDING_OPTION[server.forwarding] ?? '-m',
    ...['-w', String(server.weight)],
    ...(tunnel === null ? [] : tunnelOptions(tunnel)),
    ...(upper === 0 ? [] : ['-x', String(upper)]),
    ...(lower === 0 ? [] : ['-y', String(lower)]),
  ].join(' ');
}

function tunnelOptions({ type, port, checksum }: NonNullable<ServerDocument['tunnel']>): string[] {
  const checksums: Readonly<Record<string, string>> = {
    none: '--tun-nocsum',
    checksum: '--tun-csum',
    remote: '--tun-remcsum',
  };
  if (type === 'ipip') return ['--tun-type', type];
  return [
    ...['--tun-type', type],
    ...(type === 'gue' ? ['--tun-port', String(port)] : []),
    checksums[checksum] ?? '--tun-nocsum',
  ];
}

function selector(service: ServiceDocument): string[] {
  if (service.protocol !== null) return [PROTOCOL_OPTION[service.protocol], keyOf(service)];
  return ['-f', keyOf(service), ...(service.family === 'ipv6' ? ['-6'] : [])];
}
