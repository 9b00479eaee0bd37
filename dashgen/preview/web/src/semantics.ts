/**
 * What types can't see: ids that Grafana looks up in its registries. Grafana ignores an id that it does not know, so a
 * typing error is a panel that silently shows something else.
 */
import {
  DataTransformerID,
  fieldColorModeRegistry,
  fieldMatchers,
  fieldReducers,
  getValueFormats,
  type GrafanaTheme2,
  stringToJsRegex,
} from '@grafana/data';
import { allPanels, type Dashboard, type Panel, type Variable } from './dashboard';

export interface Finding {
  /** The panel's or variable's; empty for the dashboard. */
  where: string;
  reason: string;
}

interface Step {
  value: number | null;
  color: string;
}

interface Config {
  unit?: string;
  color?: { mode?: string; fixedColor?: string };
  thresholds?: { steps?: Step[] };
  mappings?: { type: string; options: Record<string, unknown> }[];
}

/** A unit that is none of the known ones is shown behind the number, which is meant only with such a prefix. */
const UNIT_SYNTAX = /^(bool|count|currency|prefix|si|suffix|time):/;
const COLOUR_SYNTAX = /^(#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$|rgba?\()/i;
const STANDARD_PROPERTIES = new Set([
  'actions',
  'color',
  'decimals',
  'description',
  'displayName',
  'fieldMinMax',
  'filterable',
  'links',
  'mappings',
  'max',
  'min',
  'noValue',
  'thresholds',
  'unit',
]);
const VARIABLE_TYPES = new Set(['adhoc', 'constant', 'custom', 'datasource', 'interval', 'query', 'textbox']);

const quote = (text: unknown) => JSON.stringify(text);

/** Holds dashboards against the registries of one version of Grafana. */
export class Semantics {
  private readonly units = new Set(getValueFormats().flatMap(({ submenu }) => submenu.map(({ value }) => value)));
  private readonly transformations = new Set<string>(Object.values(DataTransformerID));

  constructor(private readonly theme: GrafanaTheme2) {}

  check(dashboard: Dashboard): Finding[] {
    const variables = (dashboard.templating?.list ?? []).flatMap((variable) => this.checkVariable(variable));
    return [...variables, ...allPanels(dashboard).flatMap((panel) => this.checkPanel(panel))];
  }

  private checkVariable({ name, type }: Variable): Finding[] {
    return VARIABLE_TYPES.has(type) ? [] : [{ where: name, reason: `unknown type of variable ${quote(type)}` }];
  }

  private checkPanel(panel: Panel): Finding[] {
    const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
    const reasons = [
      ...this.checkOptions(panel.options ?? {}),
      ...this.checkTransformations(panel),
      ...this.checkConfig(defaults as Config),
      ...overrides.flatMap(({ matcher, properties }) => [
        ...checkMatcher(matcher),
        ...properties.flatMap(({ id, value }) => this.checkProperty(id, value as unknown)),
      ]),
    ];
    return [...new Set(reasons)].map((reason) => ({ where: panel.title ?? '', reason }));
  }

  private checkOptions(options: Record<string, unknown>): string[] {
    const { reduceOptions, legend } = options as Record<string, { calcs?: string[] } | undefined>;
    return [...(reduceOptions?.calcs ?? []), ...(legend?.calcs ?? [])].flatMap(checkReducer);
  }

  private checkTransformations({ transformations = [] }: Panel): string[] {
    return transformations.flatMap(({ id, options }) => {
      const { reducers = [] } = (options as { reducers?: string[] } | undefined) ?? {};
      const unknown = this.transformations.has(id) ? [] : [`unknown transformation ${quote(id)}`];
      return [...unknown, ...(id === 'reduce' ? reducers.flatMap(checkReducer) : [])];
    });
  }

  private checkProperty(id: string, value: unknown): string[] {
    if (!STANDARD_PROPERTIES.has(id)) {
      return id.startsWith('custom.') ? [] : [`unknown property ${quote(id)} in an override`];
    }
    const config: Record<string, unknown> = { [id]: value };
    return this.checkConfig(config);
  }

  private checkConfig({ unit, color, thresholds, mappings = [] }: Config): string[] {
    return [
      ...(unit ? this.checkUnit(unit) : []),
      ...(color?.mode ? checkColourMode(color.mode) : []),
      ...(color?.fixedColor ? this.checkColour(color.fixedColor) : []),
      ...this.checkThresholds(thresholds?.steps),
      ...mappings.flatMap((mapping) => coloursIn(mapping.options)).flatMap((colour) => this.checkColour(colour)),
    ];
  }

  private checkUnit(unit: string): string[] {
    return this.units.has(unit) || UNIT_SYNTAX.test(unit) ? [] : [`unknown unit ${quote(unit)}`];
  }

  private checkColour(colour: string): string[] {
    return COLOUR_SYNTAX.test(this.theme.visualization.getColorByName(colour)) ? [] : [`unknown colour ${quote(colour)}`];
  }

  private checkThresholds(steps: Step[] | undefined): string[] {
    const [first, ...rest] = steps ?? [];
    if (!first) {
      return steps ? ['thresholds without a step'] : [];
    }
    const values = rest.map(({ value }) => value ?? -Infinity);
    const isAscending = values.every((value, index) => value > (values[index - 1] ?? -Infinity));
    return [
      ...(first.value === null ? [] : [`the first threshold begins at ${quote(first.value)}, not at null`]),
      ...(isAscending ? [] : [`thresholds do not ascend: ${values.join(', ')}`]),
      ...[first, ...rest].flatMap(({ color }) => this.checkColour(color)),
    ];
  }
}

function checkReducer(id: string): string[] {
  return fieldReducers.getIfExists(id) ? [] : [`unknown reducer ${quote(id)}`];
}

function checkColourMode(mode: string): string[] {
  return fieldColorModeRegistry.getIfExists(mode) ? [] : [`unknown colour mode ${quote(mode)}`];
}

function checkMatcher({ id, options }: { id: string; options?: unknown }): string[] {
  if (!fieldMatchers.getIfExists(id)) {
    return [`unknown matcher ${quote(id)}`];
  }
  try {
    if (id === 'byRegexp') {
      stringToJsRegex(String(options));
    }
    return [];
  } catch {
    return [`${quote(options)} is no regular expression`];
  }
}

/** The colours of a value mapping, which stand at a depth that depends on its type. */
function coloursIn(options: unknown): string[] {
  if (typeof options !== 'object' || options === null) {
    return [];
  }
  return Object.entries(options).flatMap(([key, value]: [string, unknown]) =>
    key === 'color' && typeof value === 'string' ? [value] : coloursIn(value)
  );
}
