/**
 * Signals to a running agent: SIGTERM and SIGINT stop it, SIGHUP reloads its file, SIGUSR2 starts the
 * process that takes over from it, SIGUSR1 does nothing.
 */
import type { Logger } from 'pino';
import { releaseWait } from '../../fsm/vrrp/timing.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';
import type { AgentIpvs } from './agent-ipvs.ts';
import type { Configuration } from './configuration.ts';
import type { Listeners } from './listeners/listeners.ts';
import type { Reloads } from './reloads.ts';
import type { ServiceManager } from './service-manager.ts';
import type { Predecessor } from './takeover/predecessor.ts';
import type { Restart } from './takeover/restart.ts';

/** Added to the longest wait for a successor: the kernel may need this long to remove every VIP. */
const STOP_GRACE_MS = 5_000;

interface SignalReceivers {
  readonly logger: Logger;
  readonly protocol: ProtocolWorker;
  readonly configuration: Configuration;
  readonly reloads: Reloads;
  readonly predecessor: Predecessor;
  readonly manager: ServiceManager;
  readonly ipvs: AgentIpvs;
  readonly restart: Restart;
  readonly listeners: Pick<Listeners, 'restoreControl'>;
}

/** A second SIGTERM or SIGINT stops without waiting for successors. Returns how to stop listening. */
export function handleSignals(receivers: SignalReceivers): () => void {
  const { logger, protocol, configuration, reloads, predecessor, manager, ipvs, restart } =
    receivers;
  const { listeners } = receivers;
  let deadline: NodeJS.Timeout | undefined;
  const stopAnyway = () => {
    logger.error({ code: 'stop-overdue' }, 'could not release everything; stopping anyway');
    protocol.shutdown();
  };
  const stop = (signal: NodeJS.Signals) => {
    logger.info({ code: 'stopping', signal }, `${signal}: stopping`);
    configuration.stop();
    predecessor.cancel();
    manager.stopping();
    protocol.shutdown();
    if (deadline !== undefined) ipvs.hurry();
    deadline ??= setTimeout(stopAnyway, longestReleaseWait(configuration.settings) + STOP_GRACE_MS);
  };
  const reload = () => {
    logger.info({ code: 'reloading', signal: 'SIGHUP' }, 'SIGHUP: reloading');
    manager.reloading();
    void reloads.onSignal().then(() => manager.ready());
  };
  const startSuccessor = async () => {
    await listeners.restoreControl();
    if (!configuration.isStopping) restart.begin();
  };
  const ignore = () => {
    const message = 'SIGUSR1 has no effect: `vrrp-agent status` shows the state';
    logger.info({ code: 'signal-ignored', signal: 'SIGUSR1' }, message);
  };
  process.on('SIGUSR1', ignore);
  process.on('SIGUSR2', startSuccessor);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', reload);
  return () => {
    clearTimeout(deadline);
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    process.off('SIGHUP', reload);
    process.off('SIGUSR1', ignore);
    process.off('SIGUSR2', startSuccessor);
  };
}

/** Milliseconds that a stop may wait for successors. */
function longestReleaseWait({ instances }: Settings): number {
  const waits = instances.map((one) => releaseWait(one.version, one.advertisementInterval));
  return Math.max(0, ...waits) / 1_000;
}
