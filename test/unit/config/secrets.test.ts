/** A-06: no finding or reload plan shows a secret, whatever is wrong with the file. */
import { expect, test } from 'vitest';
import { reloadPlan } from '../../../src/config/diff.ts';
import { effectiveConfig, maskSecrets } from '../../../src/config/effective/effective.ts';
import { formatFinding } from '../../../src/config/finding.ts';
import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts';

const SECRET = 's3cr3t';
const NUMBER = '48151623';

function fileWith(line: string): string {
  return `instances:
  - name: web
    interface: eth0
    vrid: 1
    version: 2
    addresses: [203.0.113.1]
    ${line}
`;
}

function complaintsOf(text: string): string[] {
  const result = loadConfig(text, { hostName: 'host' });
  const findings = result.ok ? result.value.warnings : result.error;
  return findings.map((finding) => formatFinding('agent.yaml', finding));
}

const PASSWORDS = [
  NUMBER,
  `${SECRET}-that-is-too-long`,
  `*${SECRET}`,
  `&${SECRET}`,
  `!${SECRET} x`,
  `[${SECRET}]`,
  `{ ${SECRET} }`,
  `"${SECRET}`,
  `'${SECRET}`,
  `"${SECRET}\\q"`,
  `@${SECRET}`,
  `%${SECRET}`,
  `\`${SECRET}`,
  `| ${SECRET}`,
  `${SECRET}: x`,
  `"${SECRET}" ${SECRET}`,
  `${SECRET} #}`,
  `? ${SECRET}`,
  `}${SECRET}`,
  `]${SECRET}`,
];

const LINES = [
  ...PASSWORDS.map((one) => `authentication: { type: pass, password: ${one} }`),
  ...PASSWORDS.map((one) => `authentication:\n      type: pass\n      password: ${one}`),
  `authentication: ${SECRET}`,
  `authentication: [pass, ${SECRET}]`,
  `authentication: { type: ${SECRET} }`,
  `authentication: { type: pass, password ${SECRET} }`,
  `authentication: { type: pass, password:${SECRET} }`,
  `authentication: { type: pass, password=${SECRET} }`,
  `authentication: { type: none, password: ${SECRET} }`,
  `authentication: { type: hmac, keys: ${SECRET} }`,
  `authentication: { type: hmac, keys: [${SECRET}] }`,
  `authentication: { type: hmac, keys: { 1: ${SECRET} } }`,
  `authentication: { type: hmac, keys: { 1: "hex:${NUMBER}" } }`,
  `authentication: { type: hmac, keys: { ${SECRET}: x } }`,
  `authentication: { type: hmac, password: ${SECRET} }`,
  `notify: { webhooks: ${SECRET} }`,
  `notify: { webhooks: [${SECRET}] }`,
  `notify: { webhooks: [{ url: "https://user:${SECRET}@192.0.2.1/" }] }`,
  `notify: { webhooks: [{ url: "https://192.0.2.1/", secret: [${SECRET}] }] }`,
  `notify: { webhooks: [{ url: "https://192.0.2.1/", secret: ${NUMBER} }] }`,
  `notify: { webhooks: [{ url: "https://192.0.2.1/", token: "${SECRET} x" }] }`,
  ...[
    `htp://user:${SECRET}@192.0.2.1/`,
    `http:/user:${SECRET}@192.0.2.1/`,
    `http//user:${SECRET}@192.0.2.1/`,
    `user:${SECRET}@192.0.2.1/`,
    `htp://${SECRET}@192.0.2.1/`,
    `htp://user:p@${SECRET}@192.0.2.1/`,
    `htp://192.0.2.1/status?token=${SECRET}`,
    `http ://user:${SECRET}@192.0.2.1/`,
  ].flatMap((url) => [
    `track: [{ http: "${url}" }]`,
    `track: [{ tcp: "${url}" }]`,
    `track: [{ "${url}" }]`,
    `source_address: "${url}"`,
  ]),
];

test.each(LINES)('A-06 a finding about "%s" does not quote it', (line) => {
  const complaints = complaintsOf(fileWith(line));
  expect(complaints).not.toEqual([]);
  expect(complaints.join('\n')).not.toMatch(new RegExp(`${SECRET}|${NUMBER}`));
});

test('a value that is not secret is quoted', () => {
  expect(complaintsOf(fileWith('priority: high'))[0]).toContain('"high"');
});

test('A-06 no reload plan shows a secret: of a changed, added or removed instance', () => {
  const secret = (text: string) =>
    loaded(
      fileWith(
        `authentication: { type: pass, password: ${text} }\n    ` +
          `notify: { webhooks: [{ url: "https://192.0.2.1/", secret: ${text}, token: ${text} }] }`,
      ),
    );
  const other = loaded(fileWith('priority: 10').replace('vrid: 1', 'vrid: 2'));
  const all = [
    [secret(SECRET), secret(`${SECRET}2`)],
    [other, secret(SECRET)],
    [secret(SECRET), other],
  ] as const;
  for (const [before, after] of all) {
    const { instances, agent } = reloadPlan(before, after);
    expect(instances).not.toEqual([]);
    expect(JSON.stringify([instances, agent])).not.toContain(SECRET);
  }
});

const HOOK = 'https://hooks.example.net:8443/services/s3cr3t?key=s3cr3t';
const WEBHOOKS = `{ webhooks: [{ url: "${HOOK}" }] }`;
const TRACK = `[{ http: "http://operator:${SECRET}@127.0.0.1:8080/health" }]`;
const MAIL = '  - { name: mail, interface: eth0, vrid: 2, addresses: [203.0.113.2] }\n';
const GROUPS = `sync_groups: [{ name: all, instances: [web, mail], notify: ${WEBHOOKS}, track: ${TRACK.replace('127.0.0.1', '127.0.0.2')} }]`;

test('FR-O10 the effective configuration shows scheme and host of a webhook, and no user of a tracked URL', () => {
  const text = `${fileWith(`notify: ${WEBHOOKS}\n    track: ${TRACK}`)}${MAIL}notify: ${WEBHOOKS}\n${GROUPS}\n`;
  const { settings, agent } = loaded(text);
  const shown = maskSecrets(effectiveConfig(settings, agent));
  expect(JSON.stringify(shown)).not.toContain(SECRET);
  expect(JSON.stringify(shown)).not.toContain('operator');
  expect(shown.notify?.webhooks?.map(({ url }) => url)).toEqual(['https://hooks.example.net:8443']);
  expect(shown.instances?.[0]?.track?.[0]).toMatchObject({
    http: 'http://********@127.0.0.1:8080/health',
    name: '127.0.0.1:8080',
  });
});

test('FR-O10 no setting of the engine, which a recording has, names the user of a tracked URL', () => {
  const { settings } = loaded(`${fileWith(`track: ${TRACK}`)}${MAIL}${GROUPS}\n`);
  const names = [...settings.instances, ...settings.syncGroups].flatMap(({ track }) =>
    track.map(({ name }) => name),
  );
  expect(names).toEqual(['127.0.0.1:8080', '127.0.0.2:8080']);
});

test('FR-O10 a reload plan tells that a webhook or the user of a tracked URL has changed, not to what', () => {
  const before = loaded(`${fileWith(`track: ${TRACK}`)}${MAIL}notify: ${WEBHOOKS}\n${GROUPS}\n`);
  const other = (text: string) => text.replaceAll(SECRET, `${SECRET}-2`);
  const after = loaded(
    other(`${fileWith(`track: ${TRACK}`)}${MAIL}notify: ${WEBHOOKS}\n${GROUPS}\n`),
  );
  const { instances, agent } = reloadPlan(before, after);
  expect(JSON.stringify([instances, agent])).not.toContain(SECRET);
  expect(instances[0]?.changes.map(({ key }) => key)).toEqual(['track']);
  expect(agent.map(({ key }) => key)).toEqual(['notify.webhooks', 'sync_groups']);
});

test('FR-O10 a webhook that is not a URL is refused without its text', () => {
  const complaints = complaintsOf(
    fileWith(`notify: { webhooks: [{ url: "https://:${SECRET}/" }] }`),
  );
  expect(complaints).toEqual([expect.stringContaining('URL')]);
  expect(complaints.join()).not.toContain(SECRET);
});

function loaded(text: string): LoadedConfig {
  const result = loadConfig(text, { hostName: 'host' });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
