/** The status page as sent: one file, and a policy that allows only that file's code to run. */
import { createHash } from 'node:crypto';

export interface StatusPage {
  readonly html: string;
  /** Value of Content-Security-Policy: the page's own script and style, by their hashes. */
  readonly policy: string;
}

export function statusPage(html: string): StatusPage {
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(html, 'script')}`,
    `style-src ${hashesOf(html, 'style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}

/** CSP level 3 section 8.3: SHA-256 of the text between the tags. */
function hashesOf(html: string, element: 'script' | 'style'): string {
  const texts = html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'));
  const hashes = [...texts].map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  return hashes.length === 0 ? "'none'" : hashes.join(' ');
}
