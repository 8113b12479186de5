/**
 * What an engine asks for, as lines of text: what conformance tests compare and what a replay prints.
 */

import { ipFromBytes } from '../../src/net/address.ts';
import { routingText } from '../../src/net/routing.ts';
import type { Output } from '../../src/protocol/engine/outputs.ts';
import type { Report } from '../../src/protocol/engine/reports.ts';
import { decodeBfd } from '../../src/wire/bfd/control.ts';
import { decodeFrame } from '../../src/wire/frame.ts';
import type { InstanceStatement } from '../../src/wire/peer-link/statement.ts';

/** Rows of `status` are left out: tests look at them through `view`; `claims` has what is watched. */
export function linesOf(output: Output): string[] {
  switch (output.kind) {
    case 'datagrams.send':
      return output.datagrams.map(({ packet, destination }) => {
        const offset = destination.includes(':') ? 40 : 20;
        return `advert ${packet[offset + 2]} to ${destination}`;
      });
    case 'frames.send':
      return output.frames.map(({ frame }) => announcementLine(frame));
    case 'kernel.change':
      return output.changes.map((one) =>
        'entry' in one
          ? `${one.operation} ${routingText(one.entry)}`
          : `${one.operation} ${one.address}/${one.prefixLength}`,
      );
    case 'links.set-up':
      return output.indexes.map((index) => `raise ${index}`);
    case 'virtual-link.make':
    case 'virtual-link.set-down':
      return [`${output.kind.slice('virtual-link.'.length)} ${output.name}`];
    case 'listen':
      return [`listen ${output.name} ${output.family} ${output.vrids.join(',')}`];
    case 'unlisten':
      return [`unlisten ${output.index} ${output.family}`];
    case 'report':
      return reportLines(output.report);
    case 'peer-link.open':
      return [`peer link ${output.source} port ${output.port}`];
    case 'peer-link.close':
      return ['peer link closed'];
    case 'director.send':
      return output.datagrams.map(({ to, datagram }) => {
        const about = datagram.statements.map((one) => ` ${statementText(one)}`).join(',');
        return `to director ${to}:${datagram.table === null ? about : ' table'}`;
      });
    case 'director.table':
      return [`table of ${output.address}`];
    case 'bfd.open':
      return [`bfd open ${output.neighbour} ${output.hops} port ${output.port ?? 'any'}`];
    case 'bfd.close':
      return ['bfd close'];
    case 'bfd.send':
      return output.datagrams.map(({ packet }) => bfdLine(packet));
    case 'claims.watch':
    case 'gateway.find':
    case 'prefix.find':
      return [];
    case 'received.discard':
    case 'finished':
      return [output.kind];
  }
}

function bfdLine(packet: Uint8Array): string {
  const decoded = decodeBfd(packet);
  if (!decoded.ok) return 'a malformed packet of BFD';
  const { state, poll, final, yourDiscriminator, desiredMinTx } = decoded.value;
  const flags = `${poll ? ' poll' : ''}${final ? ' final' : ''}`;
  return `bfd ${state}${flags} to ${yourDiscriminator} every ${desiredMinTx}`;
}

function announcementLine(frame: Uint8Array): string {
  const decoded = decodeFrame(frame);
  if (decoded.kind === 'arp') {
    const { senderIp, targetIp } = decoded.arp;
    if (senderIp === '0.0.0.0') return `arp probe ${targetIp}`;
    if (senderIp !== targetIp) return `arp question ${targetIp}`;
    return `arp ${decoded.arp.operation === 1 ? 'request' : 'reply'} ${decoded.arp.senderIp}`;
  }
  if (decoded.kind === 'neighbor-advertisement') return `na ${decoded.advertisement.target}`;
  // The only other message there is: type 135, its target behind the headers (RFC 4861 section 4.3).
  if (frame[54] === 135) return `ns ${ipFromBytes(frame, 62, 16)}`;
  return 'an unknown frame';
}

function statementText(statement: InstanceStatement): string {
  const { name, state, canServe, resigningTo, misses, claims, promise } = statement;
  const words = [
    ...[name, state, canServe],
    ...(misses ? ['misses'] : []),
    ...(resigningTo === null ? [] : [`resigns to ${resigningTo}`]),
    ...(claims === true ? ['claims'] : []),
    ...(promise === undefined ? [] : [`promises ${promise.to}`]),
  ];
  return words.join(' ');
}

function reportLines(report: Report): string[] {
  switch (report.kind) {
    case 'view':
    case 'directors':
    case 'bfd':
    case 'answer':
    case 'instance-removed':
      return [];
    case 'bfd-refused':
      return [`bfd ${report.neighbour} refused ${report.reason}`];
    case 'bfd-socket-failed':
      return [`bfd ${report.neighbour} socket ${report.errno ?? 'open'}`];
    case 'peer-up':
      return [`peer ${report.peer} ${report.restarted ? 'restarted' : 'up'}`];
    case 'peer-down':
      return [`peer ${report.peer} down`];
    case 'peer-refused':
      return [`peer ${report.peer ?? '?'} refused ${report.reason}`];
    case 'peer-clock':
      return [`peer ${report.peer} clock ${report.offset}`];
    case 'peer-name':
      return [`peer ${report.peer} calls itself ${report.name}`];
    case 'peer-configuration':
      return [`peer ${report.peer} differs ${report.differs.join(' ')}`];
    case 'peer-link-failed':
      return [`peer link ${report.errno ?? 'open'}`];
    case 'transition':
      return [`${report.from} -> ${report.to} (${report.event})`];
    case 'priority-changed':
      return [`priority ${report.from} -> ${report.to}`];
    case 'discard':
      return [`discard ${report.reason}`];
    case 'warning':
      return [`warning ${report.warning}`];
    case 'address-failed':
      return [`failed ${report.operation} ${report.address} ${report.errno}`];
    case 'address-restored':
      return [`restored ${report.address}`];
    case 'address-foreign':
      return [`foreign ${report.address}/${report.prefixLength} on ${report.interface}`];
    case 'virtual-link-restored':
      return [`restored ${report.interface}`];
    case 'virtual-link-failed':
      return [`failed ${report.interface}: ${report.message}`];
    case 'address-cleaned':
      return [`cleaned ${report.address}`];
    case 'route-failed':
      return [`failed ${report.operation} ${report.route} ${report.errno}`];
    case 'route-restored':
      return [`restored ${report.route}`];
    case 'routes-cleaned':
      return report.routes.map((route) => `cleaned ${route}`);
    case 'stall':
    case 'netlink-malformed':
      return [report.kind];
    case 'send-failed':
      return [`unsent ${report.errno} ${report.count}`];
    case 'address-conflict':
      return [`conflict ${report.address} at ${report.mac}`];
    case 'announced-again': {
      const { reason, macs } = report;
      const why = macs === undefined ? reason : `${reason} ${macs.from} -> ${macs.to}`;
      return [`announced again ${report.interface}: ${why} (${report.instances.join(' ')})`];
    }
    case 'stray-address': {
      const { address, interface: name } = report.stray;
      return [`${address} ${report.present ? 'is also' : 'is no longer'} on ${name}`];
    }
    case 'group':
      return [`group ${report.group} ${report.from} -> ${report.to}`];
    case 'track':
      return [`track ${report.track} ${report.state}`];
    case 'dual-master':
      return [`dual-master ${report.peer} ${report.peerPriority}`];
    case 'authentication-clock':
      return [`clock of ${report.peer} ${report.agrees ? 'agrees' : `differs by ${report.ahead}`}`];
    case 'vrrp-path-lost':
      return [`path lost: ${report.cause}`];
    case 'vrrp-path-restored':
      return ['path restored'];
    case 'dual-master-ended':
      return [`dual-master ended ${report.peer}`];
    case 'master-refused':
      return [`master-refused ${report.peer} ${report.reason}`];
    case 'master-stays':
      return [`master-stays ${report.peer} ${report.heard}`];
    case 'addresses-unserved':
      return [`addresses-unserved ${report.peer} ${report.addresses}`];
    case 'vrid-shared':
      return [`vrid-shared ${report.peer} free ${report.freeVrid}`];
    case 'peer-problem-ended':
      return [`${report.problem} of ${report.peer} ended`];
    case 'before-master':
      return [`before-master ${report.outcome}`];
    case 'witness-request':
      return [`witness ${report.request.ask.type} ${report.request.id}`];
    case 'witness-granted':
      return ['witness granted'];
    case 'witness-refused':
      return [`witness refused: ${report.holder}`];
    case 'witness-lost':
      return [`witness lost: ${report.consequence}`];
  }
}
