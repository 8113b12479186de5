/**
 * `strict: true`: every setting that departs from the RFC of its version is refused, with the section
 * that says so. Nothing behaves otherwise than without it; what is missing has to be written.
 */

import { formatDuration } from '../../net/time.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';

interface Departure {
  /** Where it is, or would be, written. */
  readonly at: readonly string[];
  readonly applies: boolean;
  readonly section: string;
  /** What the RFC has instead, and what to write. */
  readonly message: string;
}

/** `linger` is the router's, and concerns every instance. */
export function checkStrict(
  instance: InstanceSettings,
  linger: 'auto' | 'off',
  { values, at }: Inherited,
  findings: Findings,
): void {
  if (values.strict !== true) return;
  for (const { at: keys, applies, section, message } of departures(instance, linger, values)) {
    if (applies) findings.error(at(...keys), 'conflict', `strict: ${message} (${section})`);
  }
}

function departures(
  instance: InstanceSettings,
  linger: 'auto' | 'off',
  values: Inherited['values'],
): Departure[] {
  return [
    ...protocolDepartures(instance, values),
    ...announcementDepartures(instance),
    {
      at: ['strict'],
      applies: linger === 'auto',
      section: cited(instance, '6.4.3'),
      message:
        'a MASTER that shuts down gives up its addresses at once: write "stop: { linger: off }"',
    },
  ];
}

/** RFC 3768 has the state machine and the virtual MAC in sections of the same numbers. */
function cited({ version }: InstanceSettings, section: string, inVersion2 = section): string {
  return version === 2 ? `RFC 3768 section ${inVersion2}` : `RFC 9568 section ${section}`;
}

function protocolDepartures(instance: InstanceSettings, values: Inherited['values']): Departure[] {
  const { version, family, priority, addresses, extraAddresses } = instance;
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
      at: ['checksum'],
      applies: version === 3 && family === 'ipv4' && instance.checksum !== 'rfc9568',
      section: 'RFC 9568 section 5.2.8',
      message: 'over IPv4 the checksum has no pseudo-header: write "checksum: rfc9568"',
    },
    {
      at: ['authentication'],
      applies: instance.authentication.type !== 'none',
      section: 'RFC 3768 section 5.3.6',
      message: 'authentication was removed: write "authentication: { type: none }"',
    },
    {
      at: ['accept'],
      applies: !owner && version === 3 && values.accept === undefined,
      section: 'RFC 9568 section 6.1',
      message: 'Accept_Mode is false unless told otherwise, and here it is true: write "accept"',
    },
    {
      at: ['accept'],
      applies: !owner && version === 2 && values.accept !== false,
      section: 'RFC 3768 section 6.4.3',
      message: 'version 2 has no Accept_Mode, only the owner accepts: write "accept: false"',
    },
    {
      at: ['virtual_mac'],
      applies: instance.virtualMac === undefined,
      section: cited(instance, '7.3'),
      message: 'a virtual router has the virtual MAC address: write "virtual_mac: true"',
    },
    {
      at: ['preempt_delay'],
      applies: instance.preemptDelay > 0,
      section: cited(instance, '6.4.2'),
      message: `a lower priority is preempted without a delay of ${formatDuration(instance.preemptDelay)}: write "preempt_delay: 0s"`,
    },
    {
      at: ['preempt_when_synced'],
      applies: instance.preemptWhenSynced !== undefined,
      section: cited(instance, '6.4.2'),
      message: 'a lower priority is preempted at once: remove "preempt_when_synced"',
    },
    {
      at: ['extra_addresses'],
      applies: extraAddresses.length > 0,
      section: cited(instance, '5.2.9', '5.3.9'),
      message: 'every address of a virtual router is advertised: put them into "addresses"',
    },
    {
      at: ['addresses'],
      applies: elsewhere !== undefined,
      section: cited(instance, '3'),
      message: `a virtual router is on one link: ${elsewhere?.address} cannot be on ${elsewhere?.interface}`,
    },
  ];
}

/** One announcement of each address on the way to MASTER. */
function announcementDepartures(instance: InstanceSettings): Departure[] {
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
