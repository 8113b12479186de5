import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Campaign, targetOf } from '../../../scripts/fuzz/campaign.ts';
import { Mutator } from '../../../scripts/fuzz/mutator.ts';
import { EPISODE } from '../../../scripts/fuzz/target.ts';
import { Random } from '../../sim/random.ts';

/** Decoders that another one calls, which is fuzzed. */
const WITHIN: Readonly<Record<string, string>> = {
  decodeEthernetHeader: 'decodeFrame',
  decodeEnclosed: 'decodeFrame',
  decodeFragment: 'decodeFrame',
  decodeNeighborAdvertisement: 'decodeFrame',
  decodeStatistics: 'decodeService',
  scanPcap: 'scanCapture',
  scanPcapng: 'scanCapture',
};

/** The texts of all files of a folder but those of the lab, whose bytes are its own. */
function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('lab/'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
}

/** One round has an episode of every target. */
const ROUND = Array.from({ length: 256 }, (_, episode) => episode);

describe('a fuzzing campaign', () => {
  test('runs every target', () => {
    const names = new Set(ROUND.map((episode) => targetOf(episode).name));
    expect([...names].sort()).toEqual(
      [
        'config',
        'control',
        'engine',
        'frame',
        'ip',
        'ipvs',
        'netlink',
        'answers',
        'bfd',
        'capture',
        'connections',
        'peer-link',
        'lines',
        'segment',
        'vrrp',
      ].sort(),
    );
  });

  test('covers every decoder', () => {
    const fuzzers = sourcesIn('scripts/fuzz').join('\n');
    const isKnown = (name: string) => new RegExp(`\\b${name}\\b`).test(fuzzers);
    const decoders = sourcesIn('src').flatMap((text) =>
      [...text.matchAll(/^export function (decode[A-Z]\w*|scan[A-Z]\w*)/gm)].map(
        ([, name]) => name,
      ),
    );
    expect(decoders.length).toBeGreaterThan(30);
    const unknown = decoders.filter((name = '') => !isKnown(name) && !isKnown(WITHIN[name] ?? ''));
    expect(unknown).toEqual([]);
  });

  test.each(['engine', 'segment', 'netlink', 'config'])('replays a case of %s', (name) => {
    const episode = ROUND.findIndex((number) => targetOf(number).name === name);
    const inputAfter = (last: number) => {
      expect(new Campaign(7).episode(episode, last)).toBeUndefined();
      return targetOf(episode).last();
    };
    const first = inputAfter(20);
    inputAfter(30);
    expect(inputAfter(20)).toBe(first);
  });

  test('reports the target and case that broke a rule', () => {
    const episode = 3;
    const target = targetOf(episode);
    const play = target.play;
    let left = 5;
    target.play = () => {
      if (--left === 0) throw new Error('broken');
    };
    const failure = new Campaign(7).episode(episode);
    target.play = play;
    expect(failure).toMatchObject({ target: 'engine', seed: 7, case: episode * EPISODE + 4 });
    expect(failure?.message).toContain('broken');
  });
});

describe('the mutator', () => {
  test('leaves some cases unchanged, and most of them nearly unchanged', () => {
    const base = Uint8Array.from({ length: 40 }, (_, i) => i);
    const random = new Random(1);
    const mutator = new Mutator();
    const differences = Array.from({ length: 1_000 }, () => {
      mutator.load(base);
      mutator.mutate(random, [base]);
      return base.filter((byte, at) => at >= mutator.length || mutator.bytes[at] !== byte).length;
    });
    expect(differences.filter((count) => count === 0).length).toBeGreaterThan(50);
    expect(differences.filter((count) => count > 0 && count <= 8).length).toBeGreaterThan(400);
    expect(mutator.buffer.length).toBeGreaterThan(base.length);
  });
});
