/** Suggests the known word that an unknown one was probably meant to be. */

/** Keywords of keepalived.conf, for operators who migrate. */
const KEEPALIVED_WORDS: Readonly<Record<string, string>> = {
  virtual_router_id: 'vrid',
  advert_int: 'advertisement_interval',
  virtual_ipaddress: 'addresses',
  virtual_ipaddress_excluded: 'extra_addresses',
  nopreempt: 'preempt',
  no_accept: 'accept',
  mcast_src_ip: 'source_address',
  unicast_src_ip: 'unicast',
  unicast_peer: 'unicast',
  use_vmac: 'virtual_mac',
  vrrp_version: 'version',
  router_id: 'router',
  auth_type: 'authentication',
  auth_pass: 'authentication',
  garp_master_repeat: 'garp',
  garp_master_delay: 'garp',
  garp_master_refresh: 'garp',
  track_interface: 'track',
  track_script: 'track',
};

/** `: did you mean "x"?` if a known word is similar, otherwise an empty text. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : `: did you mean "${meant}"?`;
}

export function nearest(word: string, known: readonly string[]): string | undefined {
  const translated = Object.hasOwn(KEEPALIVED_WORDS, word) ? KEEPALIVED_WORDS[word] : undefined;
  if (translated !== undefined && known.includes(translated)) return translated;
  // No key is longer than 22 letters, so a long word is not a typing error.
  if (word.length > 40) return undefined;
  const plain = word.toLowerCase().replaceAll('-', '_');
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(plain, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance; swapping two adjacent letters counts as one step. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, (beforePrevious[j - 2] ?? 0) + 1);
      }
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
