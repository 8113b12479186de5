/** Every key of the configuration file, from the schema alone. */
import { configJsonSchema } from './config-schema.ts';

/** The part of JSON Schema that the configuration schema uses. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

export interface SchemaRow {
  /** Like `http.listen` or `sync_groups[].name`. */
  readonly path: string;
  /** What it may be; words of the file are in backticks. */
  readonly value: string;
  /** Undefined: no default. */
  readonly preset: string | undefined;
  readonly isRequired: boolean;
  readonly meaning: string;
}

export interface FileRows {
  readonly router: readonly SchemaRow[];
  readonly defaults: string;
  readonly instances: string;
  readonly instance: readonly SchemaRow[];
}

export function configurationRows(): FileRows {
  const { properties = {}, required = [] } = configJsonSchema() as SchemaNode;
  const { defaults, instances, ...router } = properties;
  const instance = instances?.items;
  return {
    router: rowsBelow(router, required),
    defaults: defaults?.description ?? '',
    instances: `${instances?.description ?? ''} A list with at least one entry.`,
    instance: rowsBelow(instance?.properties ?? {}, instance?.required ?? []),
  };
}

function rowsBelow(
  properties: Readonly<Record<string, SchemaNode>>,
  required: readonly string[],
): SchemaRow[] {
  return Object.entries(properties).flatMap(([key, node]) =>
    rowsOf(key, node, required.includes(key)),
  );
}

/** A row for the key, and one for each key below it. */
function rowsOf(path: string, node: SchemaNode, isRequired: boolean): SchemaRow[] {
  const row: SchemaRow = {
    path,
    value: valueText(node),
    preset: node.default === undefined ? undefined : plain(node.default),
    isRequired,
    meaning: node.description ?? '',
  };
  const below = mappingsBelow(path, node).flatMap(([prefix, mapping]) =>
    Object.entries(mapping.properties ?? {}).flatMap(([key, child]) =>
      rowsOf(`${prefix}.${key}`, child, mapping.required?.includes(key) ?? false),
    ),
  );
  return [row, ...below];
}

function mappingsBelow(path: string, node: SchemaNode): [string, SchemaNode][] {
  if (node.properties !== undefined) return [[path, node]];
  const items = [node.items, ...(node.items?.anyOf ?? [])];
  return items.flatMap((item): [string, SchemaNode][] =>
    item?.properties === undefined ? [] : [[`${path}[]`, item]],
  );
}

function valueText(node: SchemaNode): string {
  if (node.anyOf !== undefined) return node.anyOf.map(valueText).join(' or ');
  if (node.enum !== undefined) return node.enum.map((word) => `\`${plain(word)}\``).join(', ');
  if (node.const !== undefined) return `\`${plain(node.const)}\``;
  if (node.type === 'integer') return `${node.minimum} to ${node.maximum}`;
  if (node.type === 'array') {
    return node.items === undefined ? 'list' : `list of: ${valueText(node.items)}`;
  }
  if (node.type === 'object') return 'mapping';
  if (node.type === 'boolean') return '`true`, `false`';
  return node.pattern?.includes('(ms|s|m|h)') ? 'duration' : 'text';
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
