/** The lists of servers that services share, by name. */
import type { Findings, Path } from '../../finding.ts';
import type { IpvsDraft, ServerFile, ServiceFile } from '../../schema/ipvs-schema.ts';

/** A server of a service, and where the file has it. */
export interface ServerEntry {
  readonly entry: ServerFile;
  readonly at: Path;
}

export class ServerGroups {
  readonly #groups = new Map<string, readonly ServerEntry[]>();
  /** False: one of them is invalid, which has been reported. */
  readonly #isComplete: boolean;
  readonly #findings: Findings;

  constructor({ server_groups: groups = [] }: IpvsDraft, findings: Findings) {
    this.#findings = findings;
    this.#isComplete = !groups.includes(undefined);
    for (const [index, group] of groups.entries()) {
      if (group === undefined) continue;
      const path = ['ipvs', 'server_groups', index];
      if (this.#groups.has(group.name)) {
        findings.error([...path, 'name'], 'conflict', `duplicate name "${group.name}"`);
      }
      this.#groups.set(group.name, entriesAt(group.servers, path));
    }
  }

  /** The servers of the service, then those of its group. */
  serversOf({ servers, server_group: name }: ServiceFile, path: Path): readonly ServerEntry[] {
    const own = entriesAt(servers ?? [], path);
    if (name !== undefined) return [...own, ...this.#entriesOf(name, [...path, 'server_group'])];
    if (servers === undefined) {
      const message = 'a service needs "servers", a list, or "server_group", the name of one';
      this.#findings.error(path, 'missing', message);
    }
    return own;
  }

  #entriesOf(name: string, path: Path): readonly ServerEntry[] {
    const known = this.#groups.get(name);
    if (known === undefined && this.#isComplete) {
      const names = [...this.#groups.keys()].join(', ');
      const hint = names === '' ? '"server_groups" has none' : `the groups are: ${names}`;
      const message = `unknown group ${JSON.stringify(name)}; ${hint}`;
      this.#findings.error(path, 'conflict', message);
    }
    return known ?? [];
  }
}

function entriesAt(servers: readonly ServerFile[], path: Path): ServerEntry[] {
  return servers.map((entry, index) => ({ entry, at: [...path, 'servers', index] }));
}
