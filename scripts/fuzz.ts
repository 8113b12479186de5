/**
 * Feeds damaged input to every decoder and parser:
 *
 *     npm run fuzz                                   one million cases
 *     npm run fuzz -- --cases 10000000 --seed 7      this many, from this seed
 *     npm run fuzz -- --seconds 60                   as many as fit (or --minutes)
 *     npm run fuzz -- --seed 7 --case 12345          one case again
 *
 * Exits with 1 at the first broken rule; the last line is `fuzz: N cases, F failures`.
 */
import { parseArgs } from 'node:util';
import { Campaign, type Failure } from './fuzz/campaign.ts';
import { EPISODE } from './fuzz/target.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    case: { type: 'string' },
  },
});

const DEFAULT_CASES = 1_000_000;

/** Printed first, so that a failure can be repeated. */
function chosenSeed(): number {
  return values.seed === undefined ? Date.now() % 2 ** 31 : wholeNumber('--seed', values.seed);
}

function wholeNumber(option: string, text: string): number {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  console.error(`fuzz: ${option} takes a whole number, not '${text}'`);
  process.exit(2);
}

function limits(): { readonly cases: number; readonly milliseconds: number } {
  const given = (option: 'cases' | 'seconds' | 'minutes') => {
    const text = values[option];
    return text === undefined ? undefined : wholeNumber(`--${option}`, text);
  };
  const [cases, seconds, minutes] = [given('cases'), given('seconds'), given('minutes')];
  const span = seconds ?? (minutes === undefined ? undefined : minutes * 60);
  const milliseconds = span === undefined ? Number.POSITIVE_INFINITY : span * 1_000;
  const unbounded = span === undefined ? DEFAULT_CASES : Number.POSITIVE_INFINITY;
  return { cases: cases ?? unbounded, milliseconds };
}

function runMany(campaign: Campaign): Failure | undefined {
  const { cases, milliseconds } = limits();
  const end = performance.now() + milliseconds;
  for (let episode = 0; episode * EPISODE < cases && performance.now() < end; episode++) {
    const last = Math.min(EPISODE, cases - episode * EPISODE) - 1;
    const failure = campaign.episode(episode, last);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function runOne(campaign: Campaign, number: number): Failure | undefined {
  return campaign.episode(Math.floor(number / EPISODE), number % EPISODE);
}

function report(failure: Failure): void {
  const { target, seed, case: number, message, input } = failure;
  console.log(`FAILED ${target}: seed ${seed}, case ${number}`);
  console.log(`  ${message.replaceAll('\n', '\n  ')}`);
  console.log(`  input ${input}`);
  console.log(`  again: npm run fuzz -- --seed ${seed} --case ${number}`);
}

const campaign = new Campaign(chosenSeed());
console.log(`seed ${campaign.seed}`);
const failure =
  values.case === undefined
    ? runMany(campaign)
    : runOne(campaign, wholeNumber('--case', values.case));
if (failure !== undefined) report(failure);

let total = 0;
for (const [name, { cases, milliseconds }] of campaign.scores) {
  total += cases;
  const rate = Math.round((cases / Math.max(milliseconds, 1)) * 1_000);
  console.log(
    `${name.padEnd(10)} ${String(cases).padStart(10)} cases  ${String(rate).padStart(8)}/s`,
  );
}
console.log(`fuzz: ${total} cases, ${failure === undefined ? 0 : 1} failures`);
process.exitCode = failure === undefined ? 0 : 1;
