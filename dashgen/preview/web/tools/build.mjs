/** Bundles the page into ../bundle, with the licences of what is in it. Usage: node tools/build.mjs [OUTPUT_FOLDER] */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { isAllowed, licencesOf, licenceTexts } from './licences.mjs';

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const output = resolve(process.argv[2] ?? join(web, '../bundle'));
process.chdir(web);

/** Editors and maps: the packages import them, and no panel here needs them. */
const LEFT_OUT = /^(monaco-editor|@monaco-editor\/react|react-monaco-editor|ol|@uiw\/[^/]+|@codemirror\/[^/]+|@lezer\/[^/]+)(\/|$)/;
const NOTHING = 'module.exports = new Proxy(function () {}, { get: (target, key) => key === "__esModule" ? false : key === "prototype" ? target.prototype : target })';

/** @type {import('esbuild').Plugin} */
const leaveOut = {
  name: 'leave-out',
  setup(bundler) {
    bundler.onResolve({ filter: LEFT_OUT }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: NOTHING, loader: 'js' }));
  },
};

/** Fonts and icons, under the paths that Grafana's components ask for. */
const ASSETS = {
  'node_modules/@grafana/ui/dist/public/img/icons': 'build/img/icons',
  'node_modules/@fontsource/inter/files/inter-latin-400-normal.woff2': 'fonts/inter/Inter-Regular.woff2',
  'node_modules/@fontsource/inter/files/inter-latin-500-normal.woff2': 'fonts/inter/Inter-Medium.woff2',
  'node_modules/@fontsource/inter/files/inter-latin-400-italic.woff2': 'fonts/inter/Inter-Italic.woff2',
  'node_modules/@fontsource/inter/files/inter-latin-500-italic.woff2': 'fonts/inter/Inter-MediumItalic.woff2',
  'node_modules/@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2':
    'fonts/roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2',
  // Two that the components ask for and their package lacks.
  'src/icons': 'build/img/icons/unicons',
  'src/index.html': 'index.html',
};

const { metafile, outputFiles } = await build({
  entryPoints: ['src/main.tsx', 'src/globals.ts'],
  alias: {
    // The time zones of the last and the next years, not of all history.
    'moment-timezone': 'moment-timezone/builds/moment-timezone-with-data-10-year-range.min.js',
    'react-router-dom-v5-compat': 'react-router-dom',
  },
  bundle: true,
  // Without `production` first, some packages bring their parts for development.
  conditions: ['module', 'browser', 'production'],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'window' },
  // The fonts are assets; the server knows their addresses.
  external: ['/bundle/*'],
  format: 'esm',
  jsx: 'automatic',
  legalComments: 'none',
  loader: { '.svg': 'dataurl', '.png': 'dataurl' },
  logLevel: 'error',
  mainFields: ['module', 'browser', 'main'],
  metafile: true,
  minify: true,
  outdir: output,
  plugins: [leaveOut],
  splitting: true,
  target: 'es2022',
  write: false,
});

rmSync(output, { recursive: true, force: true });
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

// Not in the package: programs for node, for the tests.
await build({
  entryPoints: ['lint/main.ts'],
  banner: { js: 'globalThis.navigator ??= { language: "en-US", languages: ["en-US"], platform: "", userAgent: "" };' },
  bundle: true,
  define: { 'process.env.NODE_ENV': '"production"' },
  format: 'cjs',
  logLevel: 'error',
  outfile: 'build/lint.cjs',
  platform: 'node',
  plugins: [leaveOut],
  target: 'node20',
});
await build({
  entryPoints: ['check/main.ts'],
  bundle: true,
  external: ['playwright-core'],
  format: 'esm',
  logLevel: 'error',
  outfile: 'build/check.mjs',
  platform: 'node',
  target: 'node20',
});

for (const [from, to] of Object.entries(ASSETS)) {
  cpSync(from, join(output, to), { recursive: true });
}

const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) =>
  Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []))
);
const licences = licencesOf([...bundled, ...Object.keys(ASSETS)]);
writeFileSync(join(output, 'LICENCES.txt'), licenceTexts(licences));
const refused = licences.filter(({ licence }) => !isAllowed(licence));
for (const { name, version, licence } of refused) {
  console.error(`${name} ${version} has the licence ${licence}, which may not be shipped with dashgen`);
}
process.exitCode = refused.length ? 1 : 0;
