/** The licences of what is in the bundle: which they are, and their texts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that let us ship a package inside ours, with no more to do than to bring their text. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'OFL-1.1', // of fonts
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

const LICENCE_FILE = /^(copying|licen[cs]e|notice)/i;

/**
 * @typedef {{ name: string, version: string, licence: string, text: string }} Licence
 * @typedef {{ type: string }} Named
 * @typedef {{ name: string, version: string, license?: string | Named, licenses?: Named[] }} Described the licence in
 *   today's notation, and in two old ones
 */

/**
 * The folder of the package that a bundled file is of; none for our own sources.
 * @param {string} file
 * @returns {string | undefined}
 */
function packageFolder(file) {
  const match = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file);
  return match?.[0];
}

/**
 * @param {string} folder
 * @returns {Licence}
 */
function licenceOf(folder) {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license, licenses = [] } = /** @type {Described} */ (parsed);
  const named = license ?? licenses.map(({ type }) => type).join(' OR ');
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file) && !/\.(js|ts|json)$/.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return {
    name,
    version,
    licence: (typeof named === 'string' ? named : named.type) || 'unknown',
    text: texts.join('\n\n'),
  };
}

/**
 * The packages that the files are of, by name.
 * @param {Iterable<string>} files paths as esbuild's metafile has them
 * @returns {Licence[]}
 */
export function licencesOf(files) {
  const folders = new Set();
  for (const file of files) {
    const folder = packageFolder(file);
    if (folder && existsSync(join(folder, 'package.json'))) {
      folders.add(folder);
    }
  }
  const byKey = new Map([...folders].map(licenceOf).map((licence) => [`${licence.name} ${licence.version}`, licence]));
  return [...byKey.keys()].sort().map((key) => /** @type {Licence} */ (byKey.get(key)));
}

/**
 * Whether an SPDX expression leaves us a way: of alternatives one, of what holds together all.
 * @param {string} expression
 * @returns {boolean}
 */
export function isAllowed(expression) {
  const bare = expression.replace(/[()]/g, ' ').trim();
  return bare.split(/\s+OR\s+/).some((choice) => choice.split(/\s+AND\s+/).every((id) => ALLOWED.has(id.trim())));
}

/**
 * @param {Licence[]} licences
 * @returns {string}
 */
export function licenceTexts(licences) {
  const line = '-'.repeat(80);
  const entries = licences.map(({ name, version, licence, text }) =>
    [line, `${name} ${version}`, `Licence: ${licence}`, '', text || 'The package brings no text of its licence.', ''].join(
      '\n'
    )
  );
  return `This folder contains code, fonts and images of the following packages.\n\n${entries.join('\n')}`;
}
