/**
 * Holds dashboards against Grafana's own registries.
 *
 * Usage: node build/lint.cjs FILE_OR_FOLDER…; a folder stands for the *.json in it. Exit codes: 0 fine, 1 findings,
 * 2 wrong usage, 3 a file can't be read.
 */
import { createTheme } from '@grafana/data';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard } from '../src/dashboard';
import { Semantics } from '../src/semantics';

const semantics = new Semantics(createTheme());

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) {
    return [path];
  }
  const names = readdirSync(path).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => join(path, name));
}

function findingsOf(file: string): string[] {
  const dashboard = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  return semantics.check(dashboard).map(({ where, reason }) => `${file}: ${dashboard.title}: ${where}: ${reason}`);
}

function main(paths: string[]): number {
  if (!paths.length) {
    console.error('usage: lint FILE_OR_FOLDER...');
    return 2;
  }
  try {
    const files = paths.flatMap(filesOf);
    const findings = files.flatMap(findingsOf);
    findings.forEach((finding) => {
      console.log(finding);
    });
    console.error(`${findings.length} findings in ${files.length} dashboards`);
    return findings.length ? 1 : 0;
  } catch (error) {
    console.error(`lint: ${(error as Error).message}`);
    return 3;
  }
}

process.exitCode = main(process.argv.slice(2));
