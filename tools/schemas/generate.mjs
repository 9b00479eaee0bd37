/**
 * Writes `grafana-<version>.json` for each `grafana-schema-<version>` of package.json, and Grafana's licence.
 *
 * Usage: node generate.mjs OUTPUT_FOLDER, in a folder where `npm ci` has run.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createGenerator } from 'ts-json-schema-generator';

const here = dirname(fileURLToPath(import.meta.url));
const PREFIX = 'grafana-schema-';

/** The one declaration file of a folder: 11.6 names it after the panel, later versions all alike. */
function declaration(folder) {
  const found = readdirSync(folder).filter((name) => name.endsWith('.gen.d.ts'));
  if (found.length !== 1) {
    throw new Error(`${folder}: expected one declaration file, found ${found.length}: ${found.join(', ')}`);
  }
  return join(folder, found[0]);
}

/** The module names of types.ts, and the one that Grafana's own declarations import, for one version. */
function modulePaths(dist) {
  const types = existsSync(join(dist, 'types')) ? join(dist, 'types') : join(dist, 'esm');
  const panels = join(types, 'raw/composable');
  const paths = {
    '@grafana/schema': [join(types, 'index.d.ts')],
    'grafana/dashboard': [declaration(join(types, 'raw/dashboard/x'))],
  };
  for (const panel of readdirSync(panels)) {
    const folder = join(panels, panel, 'panelcfg/x');
    if (existsSync(folder)) paths[`grafana/panel/${panel}`] = [declaration(folder)];
  }
  return paths;
}

function schemaOf(dist, workspace) {
  const tsconfig = join(workspace, 'tsconfig.json');
  const compilerOptions = {
    module: 'esnext',
    moduleResolution: 'bundler',
    paths: modulePaths(dist),
    skipLibCheck: true,
    strict: true,
    target: 'es2022',
    types: [],
  };
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files: [join(here, 'types.ts')] }));
  return createGenerator({
    additionalProperties: false,
    expose: 'export',
    jsDoc: 'none',
    path: join(here, 'types.ts'),
    skipTypeCheck: false,
    sortProps: true,
    topRef: true,
    tsconfig,
    type: 'Dashboard',
  }).createSchema('Dashboard');
}

/** Keys in one order, whatever order the compiler met the types in. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

const output = resolve(process.argv[2]);
mkdirSync(output, { recursive: true });
const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
for (const name of Object.keys(dependencies).filter((key) => key.startsWith(PREFIX))) {
  const source = join(here, 'node_modules', name);
  const schema = {
    ...schemaOf(join(source, 'dist'), here),
    $comment: `From the types of ${dependencies[name].replace('npm:', '')}; made by tools/schemas/generate`,
  };
  writeFileSync(join(output, `grafana-${name.slice(PREFIX.length)}.json`), `${JSON.stringify(sorted(schema), null, 1)}\n`);
  copyFileSync(join(source, 'LICENSE_APACHE2'), join(output, 'LICENSE-grafana-schema'));
}
