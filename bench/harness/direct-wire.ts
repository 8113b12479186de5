/** Replaces the switch between the two directors with a cable. */
import { ipBatch } from '../../src/lab/command.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, hostLines } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';

export async function wireDirectly(lab: Lab): Promise<void> {
  const ends = [lab.director(1), lab.director(2)] as const;
  await ipBatch(
    ends.map(({ name }) => `link del ${name}`),
    lab.layout.switchNamespace,
  );
  const [first, second] = ends;
  await ipBatch([
    `link add ${HOST_INTERFACE} netns ${first.namespace} ` +
      `type veth peer name ${HOST_INTERFACE} netns ${second.namespace}`,
  ]);
  await Promise.all(ends.map((host) => ipBatch(hostLines(host), host.namespace)));
  const up = async () => {
    const held = await Promise.all(ends.map((host) => lab.addresses(host)));
    return held.every((addresses) => addresses.some(({ carrier }) => carrier));
  };
  await waitFor('the cable', up);
}
