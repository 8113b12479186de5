/** Converts `virtual_server` and `lvs_sync_daemon` to `ipvs`. Health checks are only listed. */
import type { Draft, Keys } from './draft.ts';
import { type Statement, textOf } from './parser.ts';

const FORWARDING: Readonly<Record<string, string>> = { NAT: 'nat', DR: 'dr', TUN: 'tun' };

const CHECKS = /^([A-Z]+_(GET|CHECK))$/;

export function convertVirtualServer(one: Statement, draft: Draft): void {
  const [, address = '', port = ''] = one.words;
  const service: Keys = { name: nameOf(one), ...whereOf(address, port) };
  const servers: Keys[] = [];
  for (const part of one.block ?? []) convertPart(part, service, servers, port, draft);
  service['servers'] = servers;
  if (address === 'group') {
    draft.note(one, `${textOf(one)}: groups of virtual servers are not converted`);
    return;
  }
  const ipvs = (draft.top['ipvs'] as Keys | undefined) ?? {};
  const services = (ipvs['services'] as Keys[] | undefined) ?? [];
  draft.offerTop('ipvs', { ...ipvs, services: [...services, service] }, one);
}

function nameOf({ words: [, address = '', port = ''] }: Statement): string {
  const text = address === 'fwmark' ? `fwmark-${port}` : `${address}-${port}`;
  return text.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^-+/, '');
}

function whereOf(address: string, port: string): Keys {
  return address === 'fwmark' ? { fwmark: Number(port) } : { address: endpoint(address, port) };
}

function endpoint(address: string, port: string): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === '' ? host : `${host}:${port}`;
}

function convertPart(
  part: Statement,
  service: Keys,
  servers: Keys[],
  servicePort: string,
  draft: Draft,
): void {
  const [key = '', value = ''] = part.words;
  switch (key) {
    case 'lb_algo':
    case 'lvs_sched':
      service['scheduler'] = value;
      return;
    case 'lb_kind':
    case 'lvs_method': {
      const forwarding = FORWARDING[value.toUpperCase()];
      if (forwarding !== undefined) service['forwarding'] = forwarding;
      else draft.note(part, `virtual_server: ${textOf(part)}`);
      return;
    }
    case 'protocol':
      if ('address' in service) service['protocol'] = value.toLowerCase();
      return;
    case 'persistence_timeout':
      service['persistence'] = { timeout: `${value || '360'}s` };
      return;
    case 'ops':
      service['one_packet'] = true;
      return;
    case 'delay_loop':
      return;
    case 'real_server':
      servers.push(serverOf(part, servicePort, draft));
      return;
    default:
      draft.note(part, `virtual_server: ${textOf(part)}`);
  }
}

function serverOf(one: Statement, servicePort: string, draft: Draft): Keys {
  const [, address = '', port = servicePort] = one.words;
  const server: Keys = { address: endpoint(address, one.words.length > 2 ? port : '') };
  for (const part of one.block ?? []) {
    const [key = '', value = ''] = part.words;
    if (key === 'weight') server['weight'] = Number(value);
    else if (key === 'uthreshold') server['upper_threshold'] = Number(value);
    else if (key === 'lthreshold') server['lower_threshold'] = Number(value);
    else if (CHECKS.test(key)) {
      draft.note(part, `real_server ${address}: ${key}: health checks are not converted`);
    } else draft.note(part, `real_server: ${textOf(part)}`);
  }
  return server;
}

const SYNC_OPTIONS: Readonly<Record<string, string>> = {
  id: 'sync_id',
  maxlen: 'maxlen',
  port: 'port',
  ttl: 'ttl',
};

/** As the schema of this program has it. */
const SYNC_MAXLEN_LEAST = 1_024;

/**
 * `lvs_sync_daemon`, or its older form in an instance, `owner`.
 *
 * @param instances new names by names in keepalived.conf
 */
export function convertSyncDaemon(
  one: Statement,
  owner: string | undefined,
  instances: ReadonlyMap<string, string>,
  draft: Draft,
): void {
  const [, link, ...words] = one.words;
  const sync: Keys = { interface: link };
  const instance =
    owner ?? instances.get(words[0] === 'inst' ? (words[1] ?? '') : (words[0] ?? ''));
  if (instance !== undefined) sync['instance'] = instance;
  for (const [word, key] of Object.entries(SYNC_OPTIONS)) {
    const at = words.indexOf(word);
    if (at >= 0) sync[key] = Number(words[at + 1]);
  }
  const maxlen = sync['maxlen'];
  if (typeof maxlen === 'number' && maxlen < SYNC_MAXLEN_LEAST) {
    const least = `the kernel does not receive with less than ${SYNC_MAXLEN_LEAST}`;
    draft.note(one, `lvs_sync_daemon maxlen ${maxlen}: ${least}, which is used instead`);
    sync['maxlen'] = SYNC_MAXLEN_LEAST;
  }
  const group = words[words.indexOf('group') + 1];
  if (words.includes('group') && group !== undefined) sync['group'] = group;
  const ipvs = (draft.top['ipvs'] as Keys | undefined) ?? {};
  if ('sync' in ipvs) draft.note(one, `${textOf(one)}: only one sync daemon is possible`);
  else draft.offerTop('ipvs', { ...ipvs, sync }, one);
}
