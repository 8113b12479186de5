/** Completion for bash, zsh and fish, from the definitions of the commands. */
import type { Option } from 'commander';
import { type CommandNode, commandTree, flattened } from './command-tree.ts';

export interface Completions {
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
}

const HEADING = '# Generated from the commands of vrrp-agent.';

export async function completions(): Promise<Completions> {
  const nodes = flattened(await commandTree());
  return { bash: bash(nodes), zsh: zsh(nodes), fish: fish(nodes) };
}

function bash(nodes: readonly CommandNode[]): string {
  const cases = nodes.map((node) => {
    const words = [...node.commands.map(nameOf), ...choicesOf(node), ...longOptions(node)];
    return `    '${pathOf(node)}') words='${words.join(' ')}' ;;`;
  });
  const valued = valuedOptions(nodes).map((one) => {
    const choices = one.argChoices === undefined ? '' : `words='${one.argChoices.join(' ')}'`;
    return `    ${one.long}) ${choices === '' ? 'return' : choices} ;;`;
  });
  return `${HEADING}
_vrrp_agent() {
  local word path='' words=''
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
    ${nodes.slice(1).map(quotedPath).join(' | ')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  # The value of an option: one of its words, or a file.
  case "$before" in
${valued.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _vrrp_agent vrrp-agent
`;
}

function zsh(nodes: readonly CommandNode[]): string {
  const cases = nodes.map((node) => {
    const commands = node.commands.map((one) => zshQuoted(`${nameOf(one)}:${one.summary}`));
    const list = commands.length === 0 ? '' : `commands=(${commands.join(' ')})\n      `;
    const options = node.options.map(zshOption);
    return `    '${pathOf(node)}')
      ${list}options=(${options.join(' ')}) ;;`;
  });
  return `#compdef vrrp-agent
${HEADING}
local word where=''
local -a commands options
for word in "\${(@)words[2,CURRENT-1]}"; do
  case "\${where:+$where }$word" in
    (${nodes.slice(1).map(quotedPath).join('|')}) where="\${where:+$where }$word" ;;
  esac
done
case "$where" in
${cases.join('\n')}
esac
(( $#commands )) && [[ $words[CURRENT] != -* ]] && _describe command commands && return
_arguments $options '*:file:_files'
`;
}

function fish(nodes: readonly CommandNode[]): string {
  const lines = nodes.flatMap((node) => {
    const condition = fishCondition(node, nodes);
    const start = `complete -c vrrp-agent -n '${condition}'`;
    const below = node.commands.map(
      (one) => `${start} -f -a ${nameOf(one)} -d ${shellQuoted(one.summary)}`,
    );
    const choices = choicesOf(node).map((word) => `${start} -f -a ${word}`);
    const options = node.options.flatMap((one) => {
      if (one.long === undefined || one.long === null) return [];
      const value = one.argChoices?.join(' ');
      const takes = value === undefined ? ' -r' : ` -x -a '${value}'`;
      const needs = one.required || one.optional ? takes : '';
      return [`${start} -l ${one.long.slice(2)}${needs} -d ${shellQuoted(one.description)}`];
    });
    return [...below, ...choices, ...options];
  });
  return `${HEADING}\n${lines.join('\n')}\n`;
}

function fishCondition({ path, commands }: CommandNode, nodes: readonly CommandNode[]): string {
  const [first, second] = path;
  if (first === undefined) return '__fish_use_subcommand';
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  // A command `run` is not `lab run`.
  const others = nodes.filter((one) => second === undefined && one.path[1] === first);
  const absent = [...commands.map(nameOf), ...others.flatMap((one) => one.path[0] ?? [])];
  const not = absent.length === 0 ? [] : [`not __fish_seen_subcommand_from ${absent.join(' ')}`];
  return [...seen, ...not].join('; and ');
}

function zshOption({ long, description, required, optional, argChoices }: Option): string {
  const text = description.replaceAll(/[[\]:]/g, ' ');
  const values = argChoices === undefined ? '_files' : `(${argChoices.join(' ')})`;
  const value = required || optional ? `:value:${values}` : '';
  return zshQuoted(`${long}${value === '' ? '' : '='}[${text}]${value}`);
}

function zshQuoted(text: string): string {
  return shellQuoted(text);
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function nameOf({ path }: CommandNode): string {
  return path.at(-1) ?? '';
}

function pathOf({ path }: CommandNode): string {
  return path.join(' ');
}

function quotedPath(node: CommandNode): string {
  return `'${pathOf(node)}'`;
}

function choicesOf(node: CommandNode): string[] {
  return node.arguments.flatMap(({ argChoices = [] }) => argChoices);
}

function longOptions({ options }: CommandNode): string[] {
  return options.flatMap(({ long }) => long ?? []);
}

function valuedOptions(nodes: readonly CommandNode[]): Option[] {
  const all = nodes.flatMap(({ options }) => options.filter(takesValue));
  const first = new Map(all.map((one) => [one.long ?? '', one]).reverse() as [string, Option][]);
  return [...first.values()].sort((a, b) => (a.long ?? '').localeCompare(b.long ?? ''));
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}
