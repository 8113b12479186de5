/**
 * What the main thread needs to release everything in place of a protocol thread that has failed, opened
 * when the agent starts: by then the process may have no descriptor left.
 */
import { openedTogether } from '../kernel/ffi/opened-together.ts';
import { SpareSockets } from '../kernel/packet/send-sockets.ts';
import { Sender } from '../kernel/packet/sender.ts';
import { RouteRequests } from '../kernel/rtnetlink/route-requests.ts';
import type { IpAddress } from '../net/address.ts';
import type { AgentModel } from '../observe/model.ts';
import { type Keyring, NO_KEYS } from '../protocol/engine/keyring.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import { emergencyRelease, type Release } from '../protocol/thread/emergency-release.ts';

/** Addresses of this agent, on a kernel that does not keep the mark of an address. */
type Remembered = ReadonlySet<IpAddress> | undefined;

type States = Pick<AgentModel, 'states'>;

export class EmergencyReserve {
  readonly #sockets: SpareSockets;
  readonly #routes: RouteRequests;

  /** In the network namespace of the calling thread. Throws `KernelError`. */
  constructor(remembered: Remembered) {
    const { sockets, routes } = openedTogether((own) => ({
      sockets: own(new SpareSockets()),
      routes: own(new RouteRequests(remembered)),
    }));
    this.#sockets = sockets;
    this.#routes = routes;
  }

  /** Of the model nothing but the states: the documents ask other parts, one of which may have failed. */
  release(
    settings: Settings,
    model: States,
    remembered: Remembered,
    keyring: Keyring = NO_KEYS,
    lastNumber?: bigint,
  ): Release {
    const { instances } = settings;
    try {
      const states = [...model.states()];
      const masters = states.filter(([, state]) => state === 'MASTER').map(([name]) => name);
      this.#routes.origin?.claim(remembered ?? []);
      const packets = new Sender(this.#sockets);
      return emergencyRelease({
        ...{ instances, masters: new Set(masters), packets, routes: this.#routes },
        ...{ keyring, lastNumber },
      });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { removed: 0, isComplete: false, problems: [problem] };
    }
  }

  close(): void {
    this.#sockets.close();
    this.#routes.close();
  }
}
