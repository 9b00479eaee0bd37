/** Dashboard variables as scene objects. */
import { VariableHide } from '@grafana/data';
import {
  AdHocFiltersVariable,
  ConstantVariable,
  CustomVariable,
  DataSourceVariable,
  IntervalVariable,
  QueryVariable,
  type SceneVariable,
  TextBoxVariable,
} from '@grafana/scenes';
import type { Variable } from '../dashboard';

const ALL = '$__all';

/** The query is a text, or an object that holds it. */
function queryText({ query }: Variable): string {
  return typeof query === 'string' ? query : ((query as { query?: string } | undefined)?.query ?? '');
}

function common({ name, label, description, hide, skipUrlSync }: Variable) {
  return {
    name,
    hide: hide ?? VariableHide.dontHide,
    ...(skipUrlSync ? { skipUrlSync } : {}),
    ...(label ? { label } : {}),
    ...(description ? { description } : {}),
  };
}

function choice(variable: Variable) {
  const includeAll = variable.includeAll ?? false;
  const fallback = variable.multi ? [] : '';
  return {
    ...common(variable),
    value: variable.current?.value ?? (includeAll ? ALL : fallback),
    text: variable.current?.text ?? (includeAll ? 'All' : fallback),
    isMulti: variable.multi ?? false,
    includeAll,
    defaultToAll: includeAll,
    ...(variable.allValue ? { allValue: variable.allValue } : {}),
  };
}

export function sceneVariable(variable: Variable): SceneVariable | undefined {
  const query = queryText(variable);
  switch (variable.type) {
    case 'query':
      return new QueryVariable({
        ...choice(variable),
        datasource: variable.datasource ?? null,
        query,
        regex: variable.regex ?? '',
        ...(variable.sort === undefined ? {} : { sort: variable.sort }),
        ...(variable.refresh === undefined ? {} : { refresh: variable.refresh }),
      });
    case 'custom':
      return new CustomVariable({ ...choice(variable), query });
    case 'datasource':
      return new DataSourceVariable({ ...choice(variable), pluginId: query, regex: variable.regex ?? '' });
    case 'constant':
      return new ConstantVariable({ ...common(variable), value: query, hide: VariableHide.hideVariable });
    case 'textbox':
      return new TextBoxVariable({ ...common(variable), value: String(variable.current?.value ?? query) });
    case 'interval':
      return new IntervalVariable({
        ...common(variable),
        intervals: query.split(',').map((interval) => interval.trim()),
        autoEnabled: variable.auto ?? false,
        autoMinInterval: variable.auto_min ?? '10s',
        autoStepCount: variable.auto_count ?? 30,
        value: String(variable.current?.value ?? query.split(',')[0] ?? ''),
      });
    case 'adhoc':
      // Shown, but without the keys and values that Grafana's server would offer.
      return new AdHocFiltersVariable({
        ...common(variable),
        applyMode: 'manual',
        readOnly: true,
        datasource: variable.datasource ?? null,
        filters: [],
      });
    default:
      return undefined; // the page says so: see semantics.ts
  }
}
