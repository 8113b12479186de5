/** Reads what `ipvs prepare` checks in the network namespace of the process, and runs its commands. */
import { existsSync, readFileSync } from 'node:fs';
import { CommandFailure, readCommand } from '../../kernel/command/command.ts';
import { findProgram } from '../../kernel/command/program.ts';
import { type IpAddress, parseIp } from '../../net/address.ts';
import type { HostFacts, HostLink } from '../plan/requirement.ts';

const TIMEOUT_MS = 10_000;

interface LinkRow {
  readonly ifname?: string;
  readonly flags?: readonly string[];
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

interface RouteRow {
  readonly gateway?: string;
}

/** Rejects if ip(8) fails. */
export async function readHostFacts(): Promise<HostFacts> {
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

/** Runs a command; returns the message of its failure, undefined on success. */
export async function carryOut(words: readonly string[]): Promise<string | undefined> {
  try {
    await runTool(words);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Returns the output; the message of an error names the command. */
async function runTool([program = '', ...args]: readonly string[]): Promise<string> {
  const command = [program, ...args].join(' ');
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${command}: ${program} is not installed`);
  try {
    return await readCommand({ argv: [path, ...args], user: undefined, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof CommandFailure) throw new Error(`${command}: ${error.message}`);
    throw error;
  }
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
  const stdout = await runTool(['ip', ...args]);
  return stdout.trim() === '' ? [] : (JSON.parse(stdout) as readonly unknown[]);
}

/** Dots in the name of an interface stay as they are in the path. */
export function readSysctl(name: string): string | undefined {
  const [, family = '', link = '', key = ''] =
    /^net\.(ipv[46])\.conf\.(.+)\.([a-z_]+)$/.exec(name) ?? [];
  const path = key === '' ? name.replaceAll('.', '/') : `net/${family}/conf/${link}/${key}`;
  try {
    return readFileSync(`/proc/sys/${path}`, 'ascii').trim();
  } catch {
    return undefined;
  }
}
