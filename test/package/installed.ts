/**
 * A copy of this machine's root that is thrown away, in which dpkg installs packages: an overlay in a
 * mount namespace, with network and processes of its own, and without a running systemd.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREPARE = `
set -eu
mount -t tmpfs layer "$LAYER"
mkdir "$LAYER/up" "$LAYER/work" "$LAYER/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$LAYER/up,workdir=$LAYER/work" "$LAYER/root"
root=$LAYER/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
for one in run tmp; do mount -t tmpfs "$one" "$root/$one"; done
mkdir "$root/tmp/debs"
mount --bind "$PACKAGES" "$root/tmp/debs"
cp "$SCRIPT" "$root/tmp/script"
ip link set lo up
ip link add eth0 type veth peer name eth1
ip address add 192.0.2.11/24 dev eth0
ip link set eth0 up
ip link set eth1 up
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
  bash -euo pipefail /tmp/script
`;

/** Standard output of the commands, which run as root with the packages of `folder` in /tmp/debs. */
export function inFreshRoot(folder: string, commands: string): string {
  const layer = mkdtempSync(join(tmpdir(), 'vrrp-agent-root-'));
  const script = `${layer}.sh`;
  writeFileSync(script, commands);
  try {
    const namespaces = ['--net', '--mount', '--pid', '--ipc', '--fork', '--kill-child'];
    return execFileSync('unshare', [...namespaces, 'bash', '-c', PREPARE], {
      encoding: 'utf8',
      env: { ...process.env, LAYER: layer, PACKAGES: folder, SCRIPT: script },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } finally {
    rmSync(layer, { recursive: true, force: true });
    rmSync(script, { force: true });
  }
}
