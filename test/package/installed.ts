/**
 * A copy of this machine's root that is thrown away, in which dpkg installs packages: an overlay in a
 * mount namespace, with network and processes of its own, and without a running systemd.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** More than a slow machine needs. A script that hangs would keep the suite from ending. */
const LIMIT_MS = 100_000;

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
# The Node.js of this host need not be a package of Debian, which those of the agent depend on.
if ! dpkg --compare-versions "$(dpkg-query -W -f '\${Version}' nodejs 2>/dev/null)" ge 20; then
  mkdir -p "$LAYER/nodejs/DEBIAN"
  printf '%s\\n' 'Package: nodejs' "Version: $NODE_VERSION" 'Architecture: all' \
    'Maintainer: none <none@example.org>' 'Description: the one of this host' \
    >"$LAYER/nodejs/DEBIAN/control"
  dpkg-deb -Znone -b "$LAYER/nodejs" "$root/tmp/nodejs.deb" >/dev/null
  chroot "$root" dpkg -i /tmp/nodejs.deb >/dev/null
  rm -f "$root/usr/bin/node"
  cp "$NODE" "$root/usr/bin/node"
fi
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
      env: {
        ...process.env,
        ...{ LAYER: layer, PACKAGES: folder, SCRIPT: script },
        ...{ NODE: process.execPath, NODE_VERSION: process.versions.node },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      // unshare ignores SIGTERM.
      killSignal: 'SIGKILL',
    });
  } finally {
    rmSync(layer, { recursive: true, force: true });
    rmSync(script, { force: true });
  }
}
