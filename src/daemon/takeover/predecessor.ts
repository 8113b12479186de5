/**
 * The running agent during a takeover: it freezes, hands its state over and ends. If the successor does
 * not commit in time, it continues. Operators may use the control socket, but only root or the user of
 * the agent may replace it, and only the process that has asked to prepare may begin and commit:
 * otherwise the agent would end, and no host would serve the VIPs that it leaves.
 */
import { randomUUID } from 'node:crypto';
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { CommandRefusal, type Peer } from '../../control/commands.ts';
import type { TakeoverRequest } from '../../control/requests.ts';
import type { IpvsSnapshot } from '../../ipvs/keep/ipvs-snapshot.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { ProtocolWorker } from '../../protocol/thread/protocol-worker.ts';
import type { Configuration } from '../configuration.ts';
import { type BegunDocument, type PreparedDocument, TAKEOVER_FORMAT } from './takeover-protocol.ts';

/** Bounds of the time that this process stays frozen, in milliseconds. */
const FREEZE_LIMIT = { least: 50, most: 500 } as const;

interface PredecessorOptions {
  readonly version: string;
  readonly configuration: Configuration;
  readonly protocol: Pick<ProtocolWorker, 'freeze' | 'thaw' | 'abandon'>;
  /** Undefined: the configuration leaves IPVS alone. */
  readonly ipvs: () => IpvsSnapshot | undefined;
  /** The process that SIGUSR2 has started, if it runs: no other one may take over. */
  readonly child: () => number | undefined;
  /** The user of this process. Default: the effective one. */
  readonly uid?: number;
  /** The pid of this process. */
  readonly pid?: number;
  /** The successor has custody now; this process ends. */
  readonly onCommit: () => void;
}

export class Predecessor {
  readonly #options: PredecessorOptions;
  /** The process that prepares. */
  #candidate: Peer | undefined;
  #token: string | undefined;
  #generation = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PredecessorOptions) {
    this.#options = options;
  }

  /** `peer`: who asks, according to the kernel. */
  async take(request: TakeoverRequest, peer: Peer | undefined): Promise<unknown> {
    this.#assertEntitled(peer);
    if (request.step !== 'prepare') this.#assertAnnounced(peer);
    switch (request.step) {
      case 'prepare':
        return this.#prepare(peer);
      case 'begin':
        return this.#begin(request.generation);
      case 'commit':
        return this.#commit(request.token, request.resign);
    }
  }

  /** Ends the takeover; this process continues. */
  cancel(): void {
    if (this.#token === undefined) return;
    this.#forget();
    this.#options.protocol.thaw();
  }

  #prepare(peer: Peer): PreparedDocument {
    const { version, configuration } = this.#options;
    this.#assertAlone();
    this.#candidate = peer;
    return {
      format: TAKEOVER_FORMAT,
      pid: process.pid,
      version,
      settings: withoutSecrets(configuration.settings),
      generation: configuration.generation,
    };
  }

  async #begin(generation: number): Promise<BegunDocument> {
    const { configuration, protocol } = this.#options;
    this.#assertAlone();
    if (generation !== configuration.generation) throw changed();
    const token = randomUUID();
    this.#token = token;
    this.#generation = configuration.generation;
    this.#timer = setTimeout(() => this.cancel(), freezeLimit(configuration.settings));
    const capture = await protocol.freeze();
    if (this.#token !== token) throw timedOut();
    const ipvs = this.#options.ipvs();
    return { token, capture, ...(ipvs === undefined ? {} : { ipvs }) };
  }

  #commit(token: string, resign: readonly string[] = []): object {
    if (token !== this.#token) throw timedOut();
    const { configuration, protocol, onCommit } = this.#options;
    if (configuration.generation !== this.#generation) {
      this.cancel();
      throw changed();
    }
    this.#forget();
    configuration.stop();
    onCommit();
    protocol.abandon(resign);
    return { committed: true };
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#token = undefined;
  }

  #assertEntitled(peer: Peer | undefined): asserts peer is Peer {
    const { child, uid = process.geteuid?.(), pid = process.pid } = this.#options;
    if (pid === 1) {
      throw notEntitled('the end of pid 1 ends its container: start the container with --init');
    }
    if (peer === undefined) throw notEntitled('the kernel does not say who asks');
    if (peer.uid !== 0 && peer.uid !== uid) {
      throw notEntitled(`only root may take over, not uid ${peer.uid}`);
    }
    if (peer.pid === 0) {
      throw notEntitled('it runs in another PID namespace, and neither would see the other end');
    }
    const started = child();
    if (started !== undefined && peer.pid !== started) {
      throw notEntitled(`pid ${started}, started by SIGUSR2, is about to take over`);
    }
  }

  #assertAnnounced({ pid, uid }: Peer): void {
    if (this.#candidate?.pid === pid && this.#candidate.uid === uid) return;
    throw notEntitled('this process has not asked to prepare the takeover');
  }

  #assertAlone(): void {
    if (this.#token !== undefined) {
      throw refusal('takeover-under-way', 'another process is already taking over');
    }
    if (this.#options.configuration.isStopping) throw refusal('stopping', 'the agent is stopping');
  }
}

function refusal(code: string, message: string): CommandRefusal {
  return new CommandRefusal({ status: 409, code, message });
}

function notEntitled(message: string): CommandRefusal {
  return refusal('takeover-not-entitled', message);
}

function changed(): CommandRefusal {
  const message = 'the configuration has changed in the meantime: start the takeover again';
  return refusal('changed', message);
}

function timedOut(): CommandRefusal {
  return refusal('takeover-over', 'takeover timed out; the running agent continues');
}

/** Half of the time after which a peer would take over. */
function freezeLimit({ instances }: Settings): number {
  const silences = instances.map(({ version, advertisementInterval }) =>
    shortestMasterDownInterval(version, advertisementInterval),
  );
  const half = Math.min(...silences) / 2_000;
  return Math.max(FREEZE_LIMIT.least, Math.min(FREEZE_LIMIT.most, half));
}

function withoutSecrets(settings: Settings): Settings {
  const instances = settings.instances.map((one) =>
    one.authentication.type === 'pass'
      ? { ...one, authentication: { type: 'none' as const } }
      : one,
  );
  return { ...settings, instances };
}
