/** What another program that speaks VRRP on this host means, and what to change. */

/** A program beside the agent, such as keepalived. */
export interface OtherProgram {
  /** Null: not visible to the agent. */
  readonly pid: number | null;
  readonly program: string | null;
  /** Instances whose VRID it advertises on the same interface, as far as the agent has heard. */
  readonly instances: readonly string[];
}

const HOW_TO_STOP: Readonly<Record<string, string>> = {
  keepalived: '"systemctl disable --now keepalived"',
  vrrpd: 'remove "vrrp" from its interfaces with vtysh',
};

export function otherProgramText({ pid, program, instances }: OtherProgram): string {
  const who =
    pid === null
      ? 'a program whose process is not visible here ("ss -wap" as root may show it)'
      : `${program} (pid ${pid})`;
  const stop = HOW_TO_STOP[program ?? ''] ?? 'end it';
  if (instances.length === 0) {
    return (
      `${who} also speaks VRRP in this network namespace: it must not have the VRID of an instance on the ` +
      `same interface, as the two would not hear each other; if the agent replaces it: ${stop}`
    );
  }
  return (
    `${who} advertises the VRID of ${instances.join(', ')} on the same interface of this host: the two do ` +
    `not hear each other, and both become MASTER; ${stop}, or give one of them another VRID`
  );
}
