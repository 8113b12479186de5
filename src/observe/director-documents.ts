/** The other directors as documents of the control API. */
import type { DirectorDocument } from '../control/protocol.ts';
import type { DirectorView } from '../protocol/engine/director-messages.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import type { WallClock } from './wall-clock.ts';

/** In the order of the file; one of which nothing was reported yet is `never`. */
export function directorDocuments(
  { peerLink }: Settings,
  views: readonly DirectorView[],
  wallClock: WallClock,
): DirectorDocument[] {
  return (peerLink?.directors ?? []).map(({ name, address }) => {
    const view = views.find((one) => one.name === name && one.address === address);
    return view === undefined ? unknown(name, address) : documentOf(view, wallClock);
  });
}

function documentOf(view: DirectorView, wallClock: WallClock): DirectorDocument {
  const { name, address, status: state, since, rtt, clockOffset, version } = view;
  return {
    ...{ name, address, state },
    since: since === null ? null : wallClock(since).toISOString(),
    rtt_ms: rtt === null ? null : rtt / 1_000,
    clock_offset_ms: clockOffset === null ? null : Math.round(clockOffset / 1_000),
    ...{ version, configuration: view.configuration, differs: view.differs },
    instances: view.instances,
  };
}

function unknown(name: string, address: string): DirectorDocument {
  return {
    ...{ name, address, state: 'never', since: null, rtt_ms: null, clock_offset_ms: null },
    ...{ version: null, configuration: 'unknown', differs: [], instances: [] },
  };
}
