/** Network namespaces for tests of the kernel edges: real sockets, real netlink, nothing shared. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe } from 'vitest';
import { Routes } from '../../src/kernel/rtnetlink/routes.ts';
import { isLinkLocal } from '../../src/net/address.ts';
import type { LinkState } from '../../src/net/link.ts';
import { inNamespace } from './namespace.ts';

const root = process.getuid?.() === 0;
if (!root) console.warn('SKIPPED: the kernel suite needs root');

/** With CI=true, a missing privilege is a failure, not a skip. */
export const kernelSuite: (name: string, body: () => void) => void =
  root || process.env['CI'] === 'true' ? describe : describe.skip;

let made = 0;

/** Two namespaces joined by a veth pair: `v0` at 192.0.2.1/24 in `a`, `v0` at 192.0.2.2/24 in `b`. */
export class NamespacePair {
  readonly a: string;
  readonly b: string;

  constructor() {
    const name = `kt${process.pid}-${++made}`;
    this.a = `${name}a`;
    this.b = `${name}b`;
    ip('netns', 'add', this.a);
    ip('netns', 'add', this.b);
    ip('-n', this.a, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v0', 'netns', this.b);
    for (const [namespace, host] of [
      [this.a, 1],
      [this.b, 2],
    ] as const) {
      ip('-n', namespace, 'address', 'add', `192.0.2.${host}/24`, 'dev', 'v0');
      ip('-n', namespace, 'address', 'add', `2001:db8::${host}/64`, 'dev', 'v0', 'nodad');
      inNamespace(namespace, () => writeFileSync('/proc/sys/net/ipv6/conf/v0/accept_dad', '0'));
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
      ip('-n', namespace, 'link', 'set', 'v0', 'up');
    }
  }

  /** Waits until IPv6 is usable at both ends, some time after a link is up. */
  async settled(): Promise<this> {
    await until(() =>
      [this.a, this.b].every((namespace) =>
        linkIn(namespace, 'v0').addresses.some(
          ({ address, tentative }) => address.includes(':') && isLinkLocal(address) && !tentative,
        ),
      ),
    );
    return this;
  }

  remove(): void {
    ip('netns', 'delete', this.a);
    ip('netns', 'delete', this.b);
  }
}

/** Runs ip(8); an error has its output. */
export function ip(...words: string[]): string {
  return execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A link as the kernel describes it now. */
export function linkIn(namespace: string, name: string): LinkState {
  const links = inNamespace(namespace, () => {
    const routes = new Routes();
    try {
      return routes.snapshot().links;
    } finally {
      routes.close();
    }
  });
  const link = links.find((candidate) => candidate.name === name);
  if (link === undefined) throw new Error(`no link ${name} in ${namespace}`);
  return link;
}

/** Waits until the condition holds; the time limit of the test bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
