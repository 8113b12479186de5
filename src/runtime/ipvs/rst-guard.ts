/**
 * Holds back the resets that this host's own TCP would send from the VIPs. A new MASTER gets packets
 * of connections whose entries are still in the buffer of the former one; without the guard it resets
 * them, with it the client sends again and the entry has arrived.
 */
import { existsSync } from 'node:fs';
import { type CommandOutcome, runCommand } from '../../kernel/command/command.ts';
import { familyOf, type IpAddress } from '../../net/address.ts';
import { isSame } from '../../net/equality.ts';
import type { IpvsLog } from './ipvs-log.ts';

const TABLE = 'inet vrrp_agent_rst_guard';
const PLACES = ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft', '/usr/local/sbin/nft'];
const TIMEOUT_MS = 5_000;

/** Gives the commands to nft; undefined: there is none. */
export type RunNft = (commands: string) => Promise<CommandOutcome | undefined>;

export class RstGuard {
  readonly #log: IpvsLog;
  readonly #nft: RunNft;
  #pass: Promise<void> = Promise.resolve();
  isStanding = false;
  /** What nft has done last; undefined: it has failed. */
  #done: readonly IpAddress[] | undefined;
  /** Undefined: nothing has been asked for, and nothing of a former run is known. */
  #wanted: readonly IpAddress[] | undefined;

  constructor(log: IpvsLog, nft: RunNft) {
    this.#log = log;
    this.#nft = nft;
  }

  /** It is to stand before these addresses, and before no other. */
  want(addresses: readonly IpAddress[]): Promise<void> {
    this.#wanted = addresses;
    return this.#run();
  }

  /** Tries again what nft has refused, or was too slow for. */
  async check(): Promise<void> {
    await this.#pass;
    if (this.#wanted !== undefined && !isSame(this.#wanted, this.#done)) await this.#run();
  }

  /** One transaction: nft does all of it or nothing. */
  #run(): Promise<void> {
    this.#pass = this.#pass.then(async () => {
      const wanted = this.#wanted ?? [];
      const outcome = await this.#nft(wanted.length > 0 ? raiseCommands(wanted) : FRESH);
      if (outcome === undefined) {
        const message = 'there is no nft: resets are not held back at a planned move';
        this.#log.trouble('rst guard', 'ipvs-rst-guard-missing', message);
      } else if (outcome.kind === 'exited' && outcome.status === 0) {
        this.#done = wanted;
        this.isStanding = wanted.length > 0;
        this.#log.settled('rst guard');
      } else {
        // It may have stood before, or have been made by an nft that was too slow to say so.
        this.#done = undefined;
        this.isStanding = wanted.length === 0;
        const failed =
          wanted.length > 0 ? 'resets are not held back' : 'resets are still held back';
        const message = `${failed}, tried again soon: nft ${describe(outcome)}`;
        this.#log.trouble('rst guard', 'ipvs-rst-guard-failed', message);
      }
    });
    return this.#pass;
  }
}

export async function runNft(commands: string): Promise<CommandOutcome | undefined> {
  const program = PLACES.find((path) => existsSync(path));
  if (program === undefined) return undefined;
  return runCommand({ argv: [program, commands], user: undefined, timeoutMs: TIMEOUT_MS });
}

/** To make it first is the way to delete what may not be there. */
const FRESH = `add table ${TABLE}; delete table ${TABLE};`;

export function raiseCommands(addresses: readonly IpAddress[]): string {
  const rules = addresses.map((address) => {
    const family = familyOf(address) === 'ipv4' ? 'ip' : 'ip6';
    return `add rule ${TABLE} output ${family} saddr ${address} tcp flags rst counter drop;`;
  });
  const hook = '{ type filter hook output priority 0; }';
  return `${FRESH} add table ${TABLE}; add chain ${TABLE} output ${hook}; ${rules.join(' ')}`;
}

function describe(outcome: CommandOutcome): string {
  const said = outcome.output.trim().split('\n', 1)[0] ?? '';
  switch (outcome.kind) {
    case 'exited':
      return `ended with status ${outcome.status}: ${said}`;
    case 'signalled':
      return `was ended by ${outcome.signal}`;
    case 'timed-out':
      return `took longer than ${TIMEOUT_MS} ms`;
    case 'failed':
      return `did not start: ${outcome.errno}`;
  }
}
