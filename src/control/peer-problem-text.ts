/** What is wrong between two routers that cannot be peers, and what to change on which side. */
import type { PeerProblemCode } from '../protocol/engine/view.ts';

export interface PeerProblemFacts {
  readonly code: PeerProblemCode;
  readonly heard: string | null;
  readonly expected: string | null;
  readonly free_vrid: number | null;
}

const MALFORMED =
  'its advertisement is malformed: repair the program there, or choose another "vrid" here';

export function problemText({ code, heard, expected, free_vrid }: PeerProblemFacts): string {
  switch (code) {
    case 'vrid-shared': {
      const free =
        free_vrid === null ? '`vrrp-agent watch` shows which are free' : `${free_vrid} is free`;
      return `its addresses (${heard}) are not ours, so another cluster uses this VRID: choose another "vrid" for all routers of one of them (${free})`;
    }
    case 'addresses-unserved':
      return `it is MASTER and does not advertise ${heard}: clients of these reach no director, unless it serves them outside its list ("extra_addresses", in keepalived "virtual_ipaddress_excluded"). Configure the same addresses on both, or another "vrid" if it belongs to another cluster`;
    case 'master-stays':
      return heard === null
        ? 'it does not hear this MASTER, or refuses its advertisements: look for a firewall there and between the two, and at what it refuses (`vrrp-agent status` there; keepalived: `kill -USR2`, then keepalived.stats)'
        : `it has to yield to this MASTER, but it advertises ${heard}, this router ${expected}: keepalived refuses a list of another length and keeps its addresses, also while it is silent: look there. Configure the same addresses on both, in keepalived in "virtual_ipaddress"; otherwise look for a firewall`;
    case 'ip-ttl-error':
      return `its TTL is ${heard}, and at least ${expected} is required: if it is a unicast peer, set "min_ttl: ${heard}" for it here; otherwise a router forwards its packets, or it has to send TTL 255`;
    case 'version-error':
      return `it sends version ${heard}, this router expects ${expected}: set the same "version" on both ("2+3" hears either)`;
    case 'checksum-error':
      return heard === 'wrong'
        ? 'its checksum is wrong: something between the two changes the packets, or its program is defective'
        : `its checksum has the form ${heard}, this router expects ${expected}: set "checksum: auto" here, or ${expected} there`;
    case 'interval-error':
      if (heard === '0s') return MALFORMED;
      return `it advertises every ${heard}, this router every ${expected}, and version 2 requires the same: set the same "advertisement_interval" on both`;
    case 'auth-type-mismatch':
      if (heard === 'ah') {
        return 'it authenticates by IP AH (keepalived: "auth_type AH"), which this program does not have: set "auth_type PASS" there and "type: pass" with the same password here, or remove the authentication there';
      }
      return `its authentication is of type ${heard}, ours of type ${expected} (0: none, 1: password): set the same "authentication" on both`;
    case 'auth-failure':
      return 'its password is not ours: set the same password in "authentication" on both';
    case 'hmac-missing':
      return 'it does not sign its advertisements: configure "authentication" with "type: hmac" there, or "mode: permissive" here until all routers sign';
    case 'hmac-unknown-key':
      return `it signs with key ${heard}, and this router has key ${expected}: add the key on all routers before "active_key" selects it`;
    case 'hmac-stale':
      return 'the time in its advertisements is outside the "window" of this router, so one of the two clocks is wrong (chronyc tracking), or a host sends old captures';
    case 'hmac-failure':
      return 'its HMAC is wrong: the keys of that number differ (compare the key files on both), or a host forges its advertisements';
    case 'hmac-replay':
      return 'it repeats advertisements that were heard before: a host replays them, or its clock was set back';
    case 'hmac-malformed':
      return 'the trailer of its advertisements is of an unknown kind: its program is older or newer than draft-cassen-vrrp-auth-hmac-00';
    case 'owner-conflict':
      return 'this router owns the addresses (priority 255), and only the owner may advertise: it does not hear us, or has priority 255 as well; look for a firewall, or lower one of the priorities';
    case 'unknown-peer':
      return 'it is not one of the "unicast.peers" of this router: add it here, or remove this router from its peers';
    case 'delivery-mismatch':
      return expected === 'unicast' || heard === 'unicast'
        ? `it sends ${heard}, this router expects ${expected}: configure "unicast" on both, or on neither`
        : `it sends to the group ${heard}, this router to ${expected}: set the same "multicast_group" on both`;
    case 'packet-length-error':
      if (heard === null) return MALFORMED;
      return heard === 'hmac'
        ? 'it signs its advertisements, and this router does not expect that: configure "authentication" with "type: hmac" here, or remove it there'
        : `its authentication is of type ${heard} (254: MD5 of Cisco), which only its vendor has: remove it there, and configure the same "authentication" on both`;
    case 'address-count-zero':
      return 'it advertises no address, which only "unicast" without addresses on all routers allows (RFC 9568 section 5.2.5): give it the same addresses as this router; in keepalived, move at least one from "virtual_ipaddress_excluded" to "virtual_ipaddress"';
    case 'address-list-error':
    case 'invalid-type':
      return MALFORMED;
    case 'carp':
      return 'it sends CARP, which has the protocol number of VRRP: choose another "vrid" here, or another VHID there';
    case 'own-packet':
      return 'it has the address of this router, so that each takes the advertisements of the other for its own: give one of the two another address (a copied machine?). If no other host has it, the network returns what this one sends: look for a loop';
    case 'vrid-error':
      return code;
  }
}
