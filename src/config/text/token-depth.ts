/**
 * How deep a text is nested, before anything recurses into it: the composer of the YAML library
 * runs into the end of the stack, and Node.js may abort when that happens in a regular expression.
 */
import { CST } from 'yaml';

interface Waiting {
  readonly token: CST.Token;
  readonly depth: number;
}

/** The first collection found that lies more than `maximum` collections deep. */
export function findTooDeep(tokens: readonly CST.Token[], maximum: number): CST.Token | undefined {
  const waiting: Waiting[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > maximum) return token;
    for (const child of childrenOf(token)) {
      if (CST.isCollection(child)) waiting.push({ token: child, depth: depth + 1 });
    }
  }
  return undefined;
}

function* childrenOf(token: CST.Token): Generator<CST.Token | null | undefined> {
  if (token.type === 'document') yield token.value;
  if (!CST.isCollection(token)) return;
  for (const item of token.items) {
    yield item.key;
    yield item.value;
  }
}
