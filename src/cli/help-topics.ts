/** `vrrp-agent help TOPIC`: what concerns several commands. */
import { DEFAULT_SOCKET } from '../library/client.ts';
import { SOCKET_VARIABLE } from './agent.ts';
import { CONFIGURATION_FILE } from './configuration-file.ts';
import { UNIT } from './installation.ts';

interface Topic {
  readonly summary: string;
  readonly text: string;
}

const TOPICS: Readonly<Record<string, Topic>> = {
  configuration: {
    summary: 'the configuration file, its parts and its variables',
    text: `The configuration is one YAML file, ${CONFIGURATION_FILE} unless a command has --config FILE.
\`vrrp-agent check\` lists every error with its line and column; \`vrrp-agent reload\` applies a changed file.

  include: [conf.d/*.yaml]    joins further files, sorted by name, relative to the file that includes them
  password: "\${PASSWORD}"     the environment variable PASSWORD of the agent
  priority: \${PRIORITY:-100}  100 if PRIORITY is not set or empty
  command: "echo $\${HOME}"    the text \${HOME}

Every key: docs/reference/configuration.md. Examples: config/examples/.
`,
  },
  environment: {
    summary: 'environment variables',
    text: `${SOCKET_VARIABLE}  control socket of the agent; --socket has precedence (default: ${DEFAULT_SOCKET})
NO_COLOR           no colours on a terminal
SUDO_USER          set by sudo(8): the user whom events name for a request that root makes

The configuration may use variables of the agent's environment: \`vrrp-agent help configuration\`.
`,
  },
  'exit-status': {
    summary: 'exit statuses of all commands',
    text: `0  done
1  failed
2  wrong arguments, an unknown instance, or a configuration with errors
3  not reached in the time given; nothing has changed
4  refused because it would be unsafe; the message says what --force would risk
5  no agent answers
`,
  },
  files: {
    summary: 'files and directories',
    text: `${CONFIGURATION_FILE}  the configuration
${DEFAULT_SOCKET}      the control socket (control.socket, control.mode, control.group)
/var/lib/vrrp-agent                 state that survives a restart (state_dir), and the history
${UNIT}                  the unit of systemd; its log: \`vrrp-agent logs\`
`,
  },
  signals: {
    summary: 'signals to a running agent',
    text: `SIGTERM, SIGINT  stop: priority 0, the VIPs are served until a successor is heard; again: stop without waiting
SIGHUP           reload the configuration file; errors change nothing and are logged
SIGUSR1          no effect: the agent logs that it has ignored it
SIGUSR2          replace the running process without an interruption, for an upgrade

Under systemd: \`systemctl stop\`, \`systemctl reload\`, \`systemctl kill --kill-whom=main --signal=SIGUSR2 ${UNIT}\`.
`,
  },
  wire: {
    summary: 'what the agent sends and receives, for firewalls',
    text: `VRRP        IP protocol 112 to 224.0.0.18 or ff02::12, TTL or hop limit 255; to the peers with \`unicast\`
ARP, ND     gratuitous ARP, unsolicited Neighbor Advertisements, for the VIPs
IPVS sync   UDP port 8848 to 224.0.0.81 (ipvs.sync.port, ipvs.sync.group)
tables      UDP port 8912, the one of IPVS sync + 64: summaries of the connection tables (ipvs.sync.catch_up)

nftables: \`ip protocol vrrp accept\` and \`ip6 nexthdr vrrp accept\` in the chains input and output.
`,
  },
};

/** Undefined: there is no such topic. */
export function helpTopic(name: string | undefined): string | undefined {
  return name !== undefined && Object.hasOwn(TOPICS, name) ? TOPICS[name]?.text : undefined;
}

/** Below the list of commands. */
export function topicList(): string {
  const names = Object.keys(TOPICS);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${TOPICS[name]?.summary}\n`);
  return `\nTopics of \`vrrp-agent help\`:\n${lines.join('')}`;
}
