/** JSON as the formatter of the repository prints it: lists of plain values on one line. */
const WIDTH = 100;

export function jsonText(value: unknown): string {
  return `${print(value, '', 0)}\n`;
}

/** `used`: characters already on the first line, and the comma behind the value. */
function print(value: unknown, indent: string, used: number): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = lineOf(value);
    if (line !== undefined && indent.length + used + line.length <= WIDTH) return line;
    const items = value.map((item, at) => `${inner}${print(item, inner, commaAt(at, value))}`);
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, item], at) => {
    const name = `${JSON.stringify(key)}: `;
    return `${inner}${name}${print(item, inner, name.length + commaAt(at, entries))}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

const commaAt = (at: number, { length }: readonly unknown[]): number => (at < length - 1 ? 1 : 0);

/** A list of plain values, or of one such list; undefined: it needs several lines. */
function lineOf(list: readonly unknown[]): string | undefined {
  const [first] = list;
  if (list.length === 1 && Array.isArray(first)) {
    const inner = lineOf(first);
    return inner && `[${inner}]`;
  }
  const isPlain = list.every((item) => typeof item !== 'object' || item === null);
  return isPlain ? `[${list.map((item) => JSON.stringify(item)).join(', ')}]` : undefined;
}
