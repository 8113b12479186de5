/** The manual page vrrp-agent.yaml(5), from the schema of the file. */
import { bold, pageHeader, roffText } from './roff.ts';
import { configurationRows, type SchemaRow } from './schema-rows.ts';

const DESCRIPTION = `The agent reads one YAML 1.2 file, by default \
\`/etc/vrrp-agent/vrrp-agent.yaml\`. Durations are text with a unit: \`10ms\`, \`1.5s\`, \`5m\`, \`2h\`. \
Unknown keys, duplicate keys, wrong types and impossible combinations are errors: \`vrrp-agent check\` \
lists all of them with line and column, and nothing is applied. \`systemctl reload vrrp-agent\` applies \
a changed file.`;

const EXAMPLE = `instances:
  - name: web
    interface: eth0
    vrid: 55
    priority: 150
    addresses: [203.0.113.100]`;

export function manualOfConfiguration(version: string, date: string): string {
  const { router, defaults, instances, instance } = configurationRows();
  return [
    pageHeader('vrrp-agent.yaml', 5, date, version),
    '.SH NAME',
    'vrrp\\-agent.yaml \\- configuration of vrrp\\-agent',
    '.SH DESCRIPTION',
    roffText(DESCRIPTION),
    '.SH EXAMPLE',
    '.nf',
    roffText(EXAMPLE),
    '.fi',
    '.SH THE ROUTER',
    ...router.map(paragraph),
    '.SH DEFAULTS',
    roffText(defaults),
    '.SH INSTANCES',
    roffText(instances),
    ...instance.map(paragraph),
    '.SH FILES',
    roffText('Complete files: `/usr/share/doc/vrrp-agent/examples`'),
    '.SH SEE ALSO',
    `${bold('vrrp-agent')}(8)`,
    '',
  ].join('\n');
}

function paragraph({ path, value, preset, isRequired, meaning }: SchemaRow): string {
  const notes = [value, ...(isRequired ? ['required'] : []), ...defaultOf(preset)];
  return ['.TP', `${bold(path)} (${roffText(notes.join('; '))})`, roffText(meaning)].join('\n');
}

function defaultOf(preset: string | undefined): string[] {
  return preset === undefined ? [] : [`default \`${preset}\``];
}
