/** Members of a sync group that track objects by themselves, as keepalived 2.2.7 dumps them. */
import { describe, expect, test } from 'vitest';
import { errorsOf, imported } from '../import-tool.ts';

const TRACKERS = `vrrp_script heavy {
  script /bin/false
  weight -20
}
vrrp_script plain {
  script /bin/true
}
vrrp_track_process proxy {
  process haproxy
  weight 4
}
track_file load {
  file /run/load
}
bfd_instance up {
  neighbor_ip 192.0.2.1
  weight -20
}
`;

const OWN = `track_script {
 heavy
 plain
}
track_interface {
 eth1 weight -10
}
track_process {
 proxy
}
track_file {
 load weight 2
}
track_bfd {
 up
}`;

/** Instances `a`, which tracks, and `b`, in one group. */
function group(more: string, own = OWN, members = 'a\n b') {
  const one = (name: string, vrid: number, lines: string) =>
    `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${vrid}\n${lines}\n virtual_ipaddress {\n 203.0.113.${vrid}\n }\n}\n`;
  const result = imported(
    `${TRACKERS}vrrp_sync_group g {\n group {\n ${members}\n }\n${more}\n}\n${one('a', 1, own)}${one('b', 2, '')}`,
  );
  expect(errorsOf(result.yaml)).toEqual([]);
  const names = (track: { name?: string; interface?: string; weight?: number }[] = []) =>
    track.map(({ name, interface: link, weight = 0 }) => `${name ?? link} ${weight}`);
  return {
    ...result,
    own: names(result.instance.track),
    shared: names(result.document.sync_groups?.[0].track),
  };
}

describe('what a member of a sync group tracks', () => {
  test.each([
    ['of two', 'a\n b'],
    ['of one', 'a'],
  ])('is ignored with a weight: scripts and BFD, in a group %s', (_title, members) => {
    const { own, of } = group('', OWN, members);
    expect(own).toEqual(['plain 0', 'eth1 -10', 'proxy 4']);
    expect(of('ignored')).toEqual([
      expect.stringMatching(/^heavy: keepalived ignores/),
      expect.stringMatching(/^up: keepalived ignores/),
    ]);
    expect(of('lost')).toEqual([expect.stringMatching(/^load weight 2: .* makes its weight 0/)]);
  });

  test.each(['sync_group_tracking_weight', 'global_tracking'])('counts with %s', (key) => {
    const { own, notes } = group(key);
    expect(own).toEqual(['heavy -20', 'plain 0', 'eth1 -10', 'proxy 4', 'load 2', 'up -20']);
    expect(notes).toEqual([]);
  });

  test('has the weight of the group where the group tracks it as well', () => {
    const tracks =
      'track_script {\n heavy weight 7\n plain\n}\ntrack_interface {\n eth1 weight 0\n}\ntrack_process {\n proxy weight 9\n}';
    const { own, shared, of } = group(tracks, OWN.replace(/track_file(.|\n)*/, ''));
    expect(own).toEqual([]);
    expect(shared).toEqual(['heavy 7', 'plain 0', 'eth1 0', 'proxy 9']);
    expect(of('lost')).toEqual([]);
    expect(of('ignored')).toHaveLength(4);
  });

  test('is something else than an object of another kind and the same name', () => {
    const { of } = group('track_script {\n plain\n}', 'track_interface {\n plain weight 5\n}');
    expect(of('ignored')).toEqual([]);
    expect(of('lost')).toEqual([expect.stringContaining('another "name"')]);
  });

  test('has one note where the group tracks it as well and its weight is ignored', () => {
    const { of } = group('track_script {\n heavy\n}', 'track_script {\n heavy weight -5\n}');
    expect(of('ignored')).toEqual([expect.stringContaining('the group tracks it as well')]);
  });

  test('means FAULT of the member, whatever weight the group gives it', () => {
    const { own, of } = group('track_script {\n plain weight 9\n}', 'track_script {\n plain\n}');
    expect(own).toEqual(['plain 0']);
    expect(of('lost')).toHaveLength(1);
  });
});
