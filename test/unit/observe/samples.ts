import { ip } from '../../../src/net/address.ts';
import { instant, seconds } from '../../../src/net/time.ts';
import type { Report } from '../../../src/protocol/engine/reports.ts';
import type { InstanceSettings, Settings } from '../../../src/protocol/engine/settings.ts';
import type { InstanceView } from '../../../src/protocol/engine/view.ts';

export const AT = new Date('2026-03-01T10:00:00.250Z');

export function instanceSettings(name: string, vrid = 55): InstanceSettings {
  return {
    name,
    interface: 'eth0',
    family: 'ipv4',
    vrid,
    version: 3,
    priority: 150,
    advertisementInterval: seconds(1),
    addresses: [{ address: ip('203.0.113.100'), prefixLength: 32, interface: 'eth0' }],
    extraAddresses: [],
    routes: [],
    rules: [],
    preempt: true,
    preemptDelay: seconds(0),
    accept: true,
    checksum: 'auto',
    authentication: { type: 'none' },
    unicast: undefined,
    sourceAddress: undefined,
    garp: { repeat: 5, secondBurstAfter: seconds(5), refresh: seconds(0), form: 'both' },
    neighborAdvertisement: { router: 'auto' },
    track: [],
    virtualMac: undefined,
  };
}

export function settingsOf(...names: string[]): Settings {
  return {
    router: 'lb1',
    linger: 'auto',
    instances: names.map((name, index) => instanceSettings(name, index + 1)),
    syncGroups: [],
  };
}

export function viewOf(name: string, more: Partial<InstanceView> = {}): InstanceView {
  return {
    name,
    row: 1,
    state: 'MASTER',
    releasing: false,
    heldBack: false,
    awaitsTable: false,
    maintenance: false,
    since: instant(5_000_000),
    faults: [],
    strays: [],
    interface: 'eth0',
    virtualMac: null,
    family: 'ipv4',
    vrid: 55,
    version: 3,
    priority: { configured: 150, effective: 140, override: null },
    addresses: ['203.0.113.100/32'],
    master: { address: ip('192.0.2.11'), priority: 140, intervalMs: 1_000 },
    lastTransition: {
      from: 'BACKUP',
      to: 'MASTER',
      at: instant(5_000_000),
      event: 'master-timeout',
      cause: 'master-silent',
      reason: 'no advertisement for 3.414s',
    },
    group: null,
    tracks: [],
    routing: [],
    upSince: instant(4_000_000),
    newMasterReason: 'no-response',
    masterDownInterval: seconds(3.414),
    skewTime: seconds(0.414),
    ...more,
  };
}

export function transition(instance: string, to: 'MASTER' | 'FAULT' = 'MASTER'): Report {
  return {
    kind: 'transition',
    at: instant(5_000_000),
    instance,
    from: 'BACKUP',
    to,
    event: to === 'FAULT' ? 'interface-down' : 'master-timeout',
    cause: to === 'FAULT' ? 'fault' : 'master-silent',
    reason: to === 'FAULT' ? 'interface-down' : 'no advertisement for 3.414s',
    priority: 140,
  };
}
