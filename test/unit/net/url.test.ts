import { expect, test } from 'vitest';
import { authorityOf, originOf, withoutSecrets, withoutValues } from '../../../src/net/url.ts';

test.each([
  ['https://hooks.example.net/services/T0/B0/secret', 'https://hooks.example.net'],
  ['http://user:secret@192.0.2.9:8080?key=secret#secret', 'http://192.0.2.9:8080'],
  ['https://user:se@cret@[2001:db8::9]/', 'https://[2001:db8::9]'],
  ['https://192.0.2.9', 'https://192.0.2.9'],
  ['https://192.0.2.9\\@secret/', 'https://192.0.2.9'],
])('FR-O10 of %s, scheme and host are shown', (url, shown) => {
  expect(originOf(url)).toBe(shown);
  expect(originOf(url)).not.toContain('secret');
  expect(authorityOf(url)).toBe(shown.replace(/^.*\/\//, ''));
});

test.each([
  ['http://user:secret@h:80/path', 'http://***@h:80/path'],
  ['http://h:80/path', 'http://h:80/path'],
  ['https://h/health?token=secret&full=secret#top', 'https://h/health?token=***&full=***#top'],
  ['https://h?a@b', 'https://h?***'],
  ['http://user@h/?secret&key=se=cret&', 'http://***@h/?***&key=***&'],
  ['http://h/#?token=', 'http://h/#?token='],
  ['http://h/?', 'http://h/?'],
])('FR-O10 of the checked URL %s, %s is shown', (url, shown) => {
  expect(withoutSecrets(url, '***')).toBe(shown);
});

test('FR-O10 the query of a checked path is masked as that of a URL', () => {
  expect(withoutValues('/health?token=secret', '***')).toBe('/health?token=***');
  expect(withoutValues('/user@host', '***')).toBe('/user@host');
});
