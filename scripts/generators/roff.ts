/** Text for manual pages (groff_man(7)). */

/** `quoted` words are bold. */
export function roffText(text: string): string {
  const marked = text.split('`').map((part, at) => (at % 2 === 0 ? plain(part) : bold(part)));
  return marked.join('').replace(/^(?=[.'])/gm, '\\&');
}

export function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`;
}

/** An indented paragraph under a term. */
export function tagged(term: string, text: string): string {
  return `.TP\n${term}\n${roffText(text)}`;
}

export function pageHeader(name: string, section: number, date: string, version: string): string {
  const cells = [name.toUpperCase(), `${section}`, date, `vrrp-agent ${version}`];
  return `.TH ${cells.map((cell) => `"${plain(cell)}"`).join(' ')}`;
}

function plain(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}
