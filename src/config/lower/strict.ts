/**
 * `strict: true`: rejects every setting that deviates from the RFC of its version, and cites the
 * section. It changes no behaviour: settings whose default deviates must be written.
 */
import { formatDuration } from '../../net/time.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';

interface Deviation {
  /** Path of the key, present or not. */
  readonly at: readonly string[];
  readonly applies: boolean;
  readonly section: string;
  /** What the RFC requires, and what to write. */
  readonly message: string;
}

/** `linger` is a setting of the router and affects every instance. */
export function checkStrict(
  instance: InstanceSettings,
  linger: 'auto' | 'off',
  { values, at }: Inherited,
  findings: Findings,
): void {
  if (values.strict !== true) return;
  for (const { at: keys, applies, section, message } of deviations(instance, linger, values)) {
    if (applies) findings.error(at(...keys), 'conflict', `strict: ${message} (${section})`);
  }
}

function deviations(
  instance: InstanceSettings,
  linger: 'auto' | 'off',
  values: Inherited['values'],
): Deviation[] {
  return [
    ...protocolDeviations(instance, values),
    ...announcementDeviations(instance),
    {
      at: ['strict'],
      applies: linger === 'auto',
      section: cited(instance, '6.4.3'),
      message:
        'a MASTER that shuts down releases its addresses immediately: write "stop: { linger: off }"',
    },
  ];
}

/** The state machine and the virtual MAC have the same section numbers in RFC 3768. */
function cited({ version }: InstanceSettings, section: string, inVersion2 = section): string {
  return version === 2 ? `RFC 3768 section ${inVersion2}` : `RFC 9568 section ${section}`;
}

function protocolDeviations(instance: InstanceSettings, values: Inherited['values']): Deviation[] {
  const { version, family, priority, addresses, extraAddresses, authentication } = instance;
  const own = [instance.interface, instance.virtualMac?.interface];
  const elsewhere = addresses.find((one) => !own.includes(one.interface));
  const owner = isOwner(priority);
  return [
    {
      at: ['unicast'],
      applies: instance.unicast !== undefined,
      section: cited(instance, family === 'ipv4' ? '5.1.1.2' : '5.1.2.2', '5.2.2'),
      message: 'advertisements go to the multicast group: remove "unicast"',
    },
    {
      at: ['multicast_group'],
      applies: instance.multicastGroup !== undefined,
      section: cited(instance, family === 'ipv4' ? '5.1.1.2' : '5.1.2.2', '5.2.2'),
      message: 'advertisements go to the multicast group of the RFC: remove "multicast_group"',
    },
    {
      at: ['checksum'],
      applies: version === 3 && family === 'ipv4' && instance.checksum !== 'rfc9568',
      section: 'RFC 9568 section 5.2.8',
      message: 'over IPv4 the checksum excludes the pseudo-header: write "checksum: rfc9568"',
    },
    {
      at: ['authentication'],
      applies: instance.authentication.type === 'pass',
      section: 'RFC 3768 section 5.3.6',
      message: 'authentication was removed: write "authentication: { type: none }"',
    },
    {
      at: ['authentication', 'mode'],
      applies: authentication.type === 'hmac' && authentication.mode !== 'enforce',
      section: 'draft-cassen-vrrp-auth-hmac',
      message: 'an advertisement that is not signed is refused: write "mode: enforce"',
    },
    {
      at: ['accept'],
      applies: !owner && version === 3 && values.accept === undefined,
      section: 'RFC 9568 section 6.1',
      message: 'Accept_Mode is false by default, but "accept" is true: write "accept"',
    },
    {
      at: ['accept'],
      applies: !owner && version === 2 && values.accept !== false,
      section: 'RFC 3768 section 6.4.3',
      message: 'version 2 has no Accept_Mode; only the owner accepts: write "accept: false"',
    },
    {
      at: ['virtual_mac'],
      applies: instance.virtualMac === undefined,
      section: cited(instance, '7.3'),
      message: 'a virtual router uses the virtual MAC address: write "virtual_mac: true"',
    },
    {
      at: ['virtual_mac'],
      applies: instance.virtualMac?.advertisesWith === 'interface',
      section: cited(instance, '7.2'),
      message: 'advertisements come from the virtual MAC address: remove "advertise_with"',
    },
    {
      at: ['preempt_delay'],
      applies: instance.preemptDelay > 0,
      section: cited(instance, '6.4.2'),
      message: `a lower-priority MASTER is preempted without delay, not after ${formatDuration(instance.preemptDelay)}: write "preempt_delay: 0s"`,
    },
    {
      at: ['preempt_when_synced'],
      applies: instance.preemptWhenSynced !== undefined,
      section: cited(instance, '6.4.2'),
      message: 'a lower-priority MASTER is preempted without delay: remove "preempt_when_synced"',
    },
    {
      at: ['extra_addresses'],
      applies: extraAddresses.length > 0,
      section: cited(instance, '5.2.9', '5.3.9'),
      message: 'every address of a virtual router is advertised: move them to "addresses"',
    },
    {
      at: ['addresses'],
      applies: elsewhere !== undefined,
      section: cited(instance, '3'),
      message: `a virtual router is on one link: ${elsewhere?.address} cannot be on ${elsewhere?.interface}`,
    },
  ];
}

/** The RFC sends one announcement per address on the transition to MASTER. */
function announcementDeviations(instance: InstanceSettings): Deviation[] {
  const { family, garp, neighborAdvertisement } = instance;
  const section = cited(instance, '6.4.2');
  return [
    {
      at: ['garp', 'repeat'],
      applies: garp.repeat !== 1,
      section,
      message: 'each address is announced once: write "garp: { repeat: 1 }"',
    },
    {
      at: ['garp', 'second_burst_after'],
      applies: garp.secondBurstAfter > 0,
      section,
      message: 'each address is announced once: write "garp: { second_burst_after: 0s }"',
    },
    {
      at: ['garp', 'refresh'],
      applies: garp.refresh > 0,
      section,
      message: 'each address is announced once: write "garp: { refresh: 0s }"',
    },
    {
      at: ['garp', 'form'],
      applies: family === 'ipv4' && garp.form === 'both',
      section,
      message: 'one gratuitous ARP message is sent: write "garp: { form: request }"',
    },
    {
      at: ['neighbor_advertisement', 'router'],
      applies: family === 'ipv6' && neighborAdvertisement.router !== true,
      section,
      message: 'the Router flag is set: write "neighbor_advertisement: { router: true }"',
    },
  ];
}
