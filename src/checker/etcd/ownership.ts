/** What the key of an instance says: who has it. People read it, too: `etcdctl get --prefix /vrrp-agent/`. */
import * as z from 'zod';

export interface Owner {
  /** Name of the director. */
  readonly director: string;
  /** Differs between hosts, boots of a host and network namespaces. */
  readonly host: string;
  /** Family and VRID, as `ipv4 55`. */
  readonly router: string;
  /** Wall clock of the director, for people. */
  readonly since: string;
  /** Who may take the key without waiting; absent: no one. */
  readonly to?: string | undefined;
}

const owner = z.object({
  program: z.literal('vrrp-agent'),
  director: z.string().min(1).max(253),
  host: z.string().min(1).max(64),
  router: z.string().max(20),
  since: z.string().max(40),
  to: z.string().max(253).optional(),
});

export function encodeOwner(value: Owner): string {
  return base64(JSON.stringify({ program: 'vrrp-agent', ...value }));
}

/** Undefined: the value is none of this program. */
export function decodeOwner(value: string): Owner | undefined {
  try {
    const text = Buffer.from(value, 'base64').toString('utf8');
    const decoded = owner.safeParse(JSON.parse(text));
    return decoded.success ? decoded.data : undefined;
  } catch {
    return undefined;
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
