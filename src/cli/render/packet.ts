/** A decoded packet as text: its fields, or why no router accepts it. */

import type { DecodeDocument, PacketDocument, TrailerDocument } from '../../library/wire.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { DiscardReason } from '../../protocol/engine/intake-reasons.ts';

const EXPLANATION: { readonly [Reason in DiscardReason]: string } = {
  'packet-length-error': 'the length does not match the header and its address count',
  'ip-ttl-error': 'the TTL or Hop Limit is not 255, so the packet may have crossed a router',
  'version-error': 'this receiver does not accept the version; over IPv6 only version 3 exists',
  'invalid-type': 'the type is not 1, ADVERTISEMENT',
  'checksum-error': 'the checksum is wrong for these bytes and these IP addresses',
  'vrid-error': 'the virtual router ID is 0',
  'address-count-zero': 'the packet has no addresses',
  'address-list-error': 'the first IPv6 address is not link-local',
  'interval-error': 'the advertisement interval is 0',
  'auth-type-mismatch': 'the authentication type differs from the expected one',
  'auth-failure': 'the password differs from the expected one',
  'hmac-missing': 'the message is not signed',
  'hmac-malformed': 'the trailer is not of type 1, or has a reserved bit set',
  'hmac-unknown-key': 'there is no key of the number that the trailer names',
  'hmac-stale': 'the time in the trailer is too far from that of the clock',
  'hmac-failure': 'the HMAC is wrong for these bytes, this source address and this key',
  'hmac-replay': 'the message is not newer than the last one of its sender',
  'owner-conflict': 'two routers claim to own the addresses',
  'unknown-peer': 'the sender is not a configured unicast peer',
  'delivery-mismatch': 'unicast where multicast is expected, or the reverse',
  'own-packet': 'the packet is our own',
  carp: 'this is CARP of OpenBSD, FreeBSD or pfSense, not VRRP',
};

export function renderDecoded(document: DecodeDocument): string {
  if (document.ok) return renderPacket(document.packet);
  return `refused: ${document.reason}\n${EXPLANATION[document.reason]}\n`;
}

function renderPacket(packet: PacketDocument): string {
  const fields: [string, string][] = [
    ['version', `${packet.version}`],
    ['type', `${packet.type} (ADVERTISEMENT)`],
    ['virtual router', `${packet.vrid}`],
    ['priority', `${packet.priority}${priorityNote(packet.priority)}`],
    ['interval', `${packet.interval_ms} ms`],
  ];
  if (packet.auth_type !== undefined) {
    fields.push(['authentication', packet.auth_type === 0 ? '0 (none)' : '1 (password)']);
  }
  if (packet.hmac !== undefined) fields.push(['signature', signatureNote(packet.hmac)]);
  if (packet.checksum_form !== undefined) {
    fields.push(['checksum', checksumNote(packet.checksum_form)]);
  }
  packet.addresses.forEach((address, index) => {
    fields.push([index === 0 ? `addresses (${packet.count})` : '', address]);
  });
  return fields.map(([name, value]) => `${name.padEnd(15)}  ${value}\n`).join('');
}

function signatureNote({ key, time, counter, verified }: TrailerDocument): string {
  const count = counter === 0 ? '' : `, counter ${counter}`;
  const checked = verified ? 'right' : 'not checked (--hmac-key)';
  return `HMAC-SHA256 with key ${key}, sent ${time}${count}: ${checked}`;
}

function priorityNote(priority: number): string {
  if (priority === 0) return ' (the MASTER resigns)';
  return isOwner(priority) ? ' (address owner)' : '';
}

function checksumNote(form: 'rfc9568' | 'pseudo_header'): string {
  return form === 'rfc9568'
    ? 'over the message (RFC 9568)'
    : 'over the message and a pseudo-header (RFC 5798 as deployed)';
}
