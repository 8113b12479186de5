/** A member of etcd on a machine of the lab (etcd(1) of Debian). Its data is in memory, as the work directory is. */
import { LabError } from '../command.ts';
import type { Lab } from '../topology/lab.ts';
import type { LabHost } from '../topology/layout.ts';
import { waitFor } from '../wait.ts';
import { Peer } from './peer.ts';

export const ETCD_PORT = 2379;
const PEER_PORT = 2380;

const READY_MILLISECONDS = 20_000;

export class EtcdMember {
  readonly name: string;
  readonly #lab: Lab;
  readonly #host: LabHost;
  readonly #members: readonly LabHost[];
  #peer: Peer | undefined;

  constructor(lab: Lab, host: LabHost, members: readonly LabHost[]) {
    this.name = host.name;
    this.#lab = lab;
    this.#host = host;
    this.#members = members;
  }

  /** Resolves before the member is ready: the first of three waits for another one. */
  async start(): Promise<void> {
    if (this.#peer?.running === true) return;
    const { name, address } = this.#host;
    const own = `http://${address}`;
    const args = [
      ...['--name', name, '--data-dir', this.#lab.path(`${name}-data`)],
      ...['--listen-client-urls', `${own}:${ETCD_PORT}`],
      ...['--advertise-client-urls', `${own}:${ETCD_PORT}`],
      ...['--listen-peer-urls', `${own}:${PEER_PORT}`],
      ...['--initial-advertise-peer-urls', `${own}:${PEER_PORT}`],
      ...['--initial-cluster', this.#members.map(peerUrl).join(','), '--logger', 'zap'],
    ];
    const running = await this.#lab.spawn(this.#host, 'etcd', args, { label: name, log: true });
    this.#peer = new Peer(this.#host, [running]);
  }

  /** Resolves once it has a leader. */
  async ready(): Promise<void> {
    const url = `http://${this.#host.address}:${ETCD_PORT}/health`;
    const isHealthy = async () => {
      if (this.#peer?.running !== true) {
        throw new LabError('command-failed', `${this.name} has ended: is etcd-server installed?`);
      }
      const answer = await this.#lab.run(this.#host, 'curl', ['-s', url]).catch(() => '');
      return answer.includes('"health":"true"');
    };
    await waitFor(`${this.name} with a leader`, isHealthy, { milliseconds: READY_MILLISECONDS });
  }

  async stop(): Promise<void> {
    await this.#peer?.stop();
  }

  async kill(): Promise<void> {
    await this.#peer?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  hang(): void {
    this.#peer?.freeze();
  }

  thaw(): void {
    this.#peer?.thaw();
  }
}

function peerUrl({ name, address }: LabHost): string {
  return `${name}=http://${address}:${PEER_PORT}`;
}
