/** BFD sessions as documents of the control API, and as the readings of the tracked objects that use them. */
import type { BfdDocument } from '../control/protocol.ts';
import type { BfdView } from '../protocol/engine/bfd-messages.ts';
import { NOT_PROBED, type ProbeReading } from './track-documents.ts';
import type { WallClock } from './wall-clock.ts';

export function bfdDocuments(views: readonly BfdView[], wallClock: WallClock): BfdDocument[] {
  return views.map((view) => {
    const { neighbour, source, link, state, diagnostic, discriminator, downs } = view;
    const { transmitInterval: interval, detectionTime } = view;
    return {
      ...{ neighbour, source, link, multihop: view.hops === 'multi' },
      ...{ state, since: wallClock(view.since).toISOString(), remote_state: view.remoteState },
      ...{ diagnostic, remote_diagnostic: view.remoteDiagnostic },
      ...{ discriminator, remote_discriminator: view.remoteDiscriminator },
      transmit_interval_ms: interval === 0 ? null : interval / 1_000,
      detection_time_ms: detectionTime === null ? null : detectionTime / 1_000,
      ...{ packets_sent: view.sent, packets_received: view.received },
      ...{ packets_refused: view.refused, downs, error: view.errno },
    };
  });
}

/** Undefined: no session has that name. */
export function bfdReading(views: readonly BfdView[], name: string): ProbeReading | undefined {
  const view = views.find(({ session }) => session === name);
  return view && { ...NOT_PROBED, result: view.result ?? undefined };
}
