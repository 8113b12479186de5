/** Gives the keys of a configuration to what signs with them, before the settings that need them. */
import type { AgentSettings } from '../config/agent-settings.ts';
import { usable } from '../config/shared-keys.ts';
import { programVersion } from '../files/package-files.ts';
import { RouterKeys } from '../keys/router-keys.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';

export class AgentKeys {
  readonly #protocol: Pick<ProtocolWorker, 'setPeerLinkKeys' | 'setRouterKeys'>;
  /** For the release in place of a protocol thread that has failed. */
  readonly keyring = new RouterKeys();

  constructor(protocol: Pick<ProtocolWorker, 'setPeerLinkKeys' | 'setRouterKeys'>) {
    this.#protocol = protocol;
  }

  follow({ peerLinkKeys, routerKeys }: AgentSettings): void {
    this.#protocol.setPeerLinkKeys(
      peerLinkKeys && { ...usable(peerLinkKeys), version: programVersion() },
    );
    const keys = new Map([...routerKeys].map(([router, one]) => [router, usable(one)]));
    this.#protocol.setRouterKeys(keys);
    this.keyring.replace(keys);
  }
}
