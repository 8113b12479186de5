/** JSON as the formatter of the repository prints it: lists of plain values on one line. */
const WIDTH = 100;

export function jsonText(value: unknown): string {
  return `${print(value, '', 0)}\n`;
}

/** `used`: characters already on the first line. */
function print(value: unknown, indent: string, used: number): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    const isPlain = value.every((item) => typeof item !== 'object' || item === null);
    if (isPlain && indent.length + used + line.length < WIDTH) return line;
    const items = value.map((item) => `${inner}${print(item, inner, 0)}`);
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, item]) => {
    const name = `${JSON.stringify(key)}: `;
    return `${inner}${name}${print(item, inner, name.length)}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
