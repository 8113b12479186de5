/** What `ipvs prepare` looks at, in the network namespace of the process; and carries out. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { HostFacts, HostLink } from '../../engine/ipvs/requirement.ts';
import { type CommandOutcome, runCommand } from '../../kernel/command/command.ts';
import { type IpAddress, parseIp } from '../../net/address.ts';

const DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
const execute = promisify(execFile);

const TIMEOUT_MS = 10_000;

interface LinkRow {
  readonly ifname?: string;
  readonly flags?: readonly string[];
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

interface RouteRow {
  readonly gateway?: string;
}

/** Rejects when ip(8) does not answer. */
export async function hostFacts(): Promise<HostFacts> {
  const rows = (await askIp(['-json', 'address', 'show'])) as readonly LinkRow[];
  const routes = await Promise.all(
    ['-4', '-6'].map((family) => askIp(['-json', family, 'route', 'show', 'default'])),
  );
  return {
    links: rows.flatMap(linkOf),
    gateways: (routes.flat() as readonly RouteRow[])
      .map(({ gateway }) => parseIp(gateway ?? ''))
      .filter((gateway) => gateway !== undefined),
    hasIpvs: existsSync('/proc/net/ip_vs'),
    sysctl: readSysctl,
  };
}

/** The message of a command that has failed; undefined: it has not. */
export async function carryOut([program = '', ...args]: readonly string[]): Promise<
  string | undefined
> {
  const argv = [programPath(program), ...args];
  const outcome = await runCommand({ argv, user: undefined, timeoutMs: TIMEOUT_MS });
  if (outcome.kind === 'exited' && outcome.status === 0) return undefined;
  return `${[program, ...args].join(' ')}: ${described(outcome)}`;
}

function linkOf({ ifname, flags, addr_info: addresses = [] }: LinkRow): HostLink[] {
  if (ifname === undefined) return [];
  return [
    {
      name: ifname,
      isUp: flags?.includes('UP') ?? false,
      addresses: addresses.flatMap(({ local, prefixlen }) => {
        const address: IpAddress | undefined = parseIp(local ?? '');
        return address === undefined ? [] : [{ address, prefixLength: prefixlen ?? 0 }];
      }),
    },
  ];
}

async function askIp(args: readonly string[]): Promise<readonly unknown[]> {
  const options = { timeout: TIMEOUT_MS, maxBuffer: 1 << 26 };
  const { stdout } = await execute(programPath('ip'), args, options);
  return stdout.trim() === '' ? [] : (JSON.parse(stdout) as readonly unknown[]);
}

function programPath(program: string): string {
  const places = DIRECTORIES.map((directory) => `${directory}/${program}`);
  return places.find((place) => existsSync(place)) ?? program;
}

function described(outcome: CommandOutcome): string {
  switch (outcome.kind) {
    case 'exited':
      return outcome.output.trim().split('\n', 1)[0] || `exit status ${outcome.status}`;
    case 'signalled':
      return `ended by ${outcome.signal}`;
    case 'timed-out':
      return `took longer than ${TIMEOUT_MS} ms`;
    case 'failed':
      return outcome.errno === 'ENOENT' ? 'there is no such program' : outcome.errno;
  }
}

/** The dots of an interface's name stand in the path as they are. */
function readSysctl(name: string): string | undefined {
  const [, family = '', link = '', key = ''] =
    /^net\.(ipv[46])\.conf\.(.+)\.([a-z_]+)$/.exec(name) ?? [];
  const path = key === '' ? name.replaceAll('.', '/') : `net/${family}/conf/${link}/${key}`;
  try {
    return readFileSync(`/proc/sys/${path}`, 'ascii').trim();
  } catch {
    return undefined;
  }
}
