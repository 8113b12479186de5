import { describe, expect, test } from 'vitest';
import { renderReport } from '../../../../src/cli/render/lab-report.ts';
import { PLAIN } from '../../../../src/cli/terminal/text.ts';
import { renderHtml } from '../../../../src/lab/report/html.ts';
import { renderJunit } from '../../../../src/lab/report/junit.ts';
import { renderPicture } from '../../../../src/lab/report/picture.ts';
import { labReport, shownRun, statisticOf } from '../../../../src/lab/report/report.ts';
import { run } from '../judge/samples.ts';

const FAILED = run({
  verdicts: [{ expectation: 'dual ≤ 0s', why: '<b>RFC</b>', holds: false, seen: '5 ms & "more"' }],
  numbers: {
    ...{ outage: 420_000, takeover: null, dual: 5_000, transitions: 1 },
    ...{ lost: 1, announcements: 1, adverts: 4 },
  },
  holds: false,
});

function reportOf(runs = [run()], comparison = [FAILED]) {
  const contenders = [
    { agent: 'as written' as const, is_comparison: false, runs, holds: runs.every((r) => r.holds) },
    { agent: 'keepalived' as const, is_comparison: true, runs: comparison, holds: false },
  ];
  return labReport([
    {
      ...{ name: 'crash', title: 'The <MASTER> dies', story: 'Why & how.', references: [] },
      ...{ duration: 2_000_000, watched: { vrid: 55, address: '192.0.2.100' } },
      ...{ contenders, holds: contenders.every((one) => one.is_comparison || one.holds) },
    },
  ]);
}

describe('the numbers of several runs', () => {
  test('are the median and the maximum', () => {
    expect(statisticOf([run(), FAILED], 'outage')).toEqual({ median: 385_000, max: 420_000 });
  });

  test('come with the first run that failed, if any', () => {
    const [contender] = reportOf([run(), FAILED]).scenarios[0]?.contenders ?? [];
    expect(contender && shownRun(contender)).toBe(FAILED);
  });
});

test('a comparison may fail without the report failing', () => {
  expect(reportOf().holds).toBe(true);
  expect(reportOf([FAILED]).holds).toBe(false);
});

describe('on a terminal', () => {
  const text = renderReport(reportOf(), { width: 54, palette: PLAIN });

  test('lanes share one time axis', () => {
    const lines = text.split('\n');
    expect(lines.find((line) => line.startsWith(' lb1 state'))).toBe(
      ` lb1 state    ${'█'.repeat(10)}${'x'.repeat(30)}`,
    );
    expect(lines.find((line) => line.startsWith(' client icmp'))).toBe(
      ` client icmp  ${'·'.repeat(10)}${'✗'.repeat(7)}${'·'.repeat(23)}`,
    );
    expect(text).toContain('╵ 0.50 s crash lb1');
  });

  test('a failed expectation shows what was observed', () => {
    expect(text).toContain('✗ dual ≤ 0s  seen: 5 ms & "more"');
  });
});

describe('as HTML', () => {
  const html = renderHtml(reportOf());

  test('is one self-contained file', () => {
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/<script|<link|<img|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });

  test('escapes text from scenarios', () => {
    expect(html).toContain('The &lt;MASTER&gt; dies');
    expect(html).toContain('&lt;b&gt;RFC&lt;/b&gt;');
  });

  test('draws states, addresses, announcements and lost requests', () => {
    for (const kind of ['MASTER', 'crashed', 'has', 'lost', 'garp', 'advert', 'step', 'answers']) {
      expect(html).toContain(`class="${kind}"`);
    }
  });
});

describe('as a picture', () => {
  const svg = renderPicture(FAILED, 'crash: <lb1>');

  test('is one self-contained file, with its colours', () => {
    expect(svg).toMatch(/^<svg [^>]*aria-label="crash: &lt;lb1&gt;"><style>:root\{color-scheme/);
    expect(svg).toContain('.MASTER{fill:var(--master)');
    expect(svg).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(svg.trimEnd()).toMatch(/<\/svg>$/);
  });
});

describe('as JUnit XML', () => {
  test('has suites without comparisons', () => {
    const xml = renderJunit(reportOf());
    expect(xml).toContain('<testsuite name="crash" tests="1" failures="0">');
    expect(xml).not.toContain('dual');
  });

  test('reports what was expected and observed for a failure', () => {
    const xml = renderJunit(reportOf([FAILED]));
    expect(xml).toContain('failures="1"');
    expect(xml).toContain('seen: 5 ms &amp; &quot;more&quot;');
  });
});
