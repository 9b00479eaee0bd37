/** Panels and rows as scene objects. */
import {
  LocalValueVariable,
  SceneDataTransformer,
  type SceneDataProvider,
  type SceneGridItemLike,
  SceneGridItem,
  SceneGridRow,
  SceneQueryRunner,
  SceneVariableSet,
  VizPanel,
} from '@grafana/scenes';
import type { FieldConfigSource } from '@grafana/data';
import type { Panel } from '../dashboard';
import type { Placed, PlacedItem, Scoped } from './repeats';
import { PanelLinks } from './PanelLinks';

function dataOf(panel: Panel): SceneDataProvider | undefined {
  const { targets = [], transformations = [] } = panel;
  if (!targets.length) {
    return undefined;
  }
  const runner = new SceneQueryRunner({
    datasource: panel.datasource ?? targets[0]?.datasource ?? {},
    queries: targets.map((target) => ({ ...target, datasource: target.datasource ?? panel.datasource ?? null })),
    maxDataPointsFromWidth: true,
    ...(panel.maxDataPoints ? { maxDataPoints: panel.maxDataPoints } : {}),
    ...(panel.interval ? { minInterval: panel.interval } : {}),
  });
  return transformations.length ? new SceneDataTransformer({ $data: runner, transformations }) : runner;
}

/** The values that only a copy of a repeated panel or row sees. */
function scopedVariables(scoped: Scoped): SceneVariableSet | undefined {
  const variables = Object.entries(scoped).map(
    ([name, { value, text }]) => new LocalValueVariable({ name, value, text })
  );
  return variables.length ? new SceneVariableSet({ variables }) : undefined;
}

export function vizPanel({ panel, scoped, copy }: Placed): VizPanel {
  const $data = dataOf(panel);
  const $variables = scopedVariables(scoped);
  return new VizPanel({
    key: `panel-${panel.id}${copy}`,
    title: panel.title ?? '',
    pluginId: panel.type,
    options: panel.options ?? {},
    fieldConfig: (panel.fieldConfig ?? { defaults: {}, overrides: [] }) satisfies FieldConfigSource,
    displayMode: panel.transparent ? 'transparent' : 'default',
    hoverHeader: !panel.title,
    ...(panel.description ? { description: panel.description } : {}),
    ...(panel.pluginVersion ? { pluginVersion: panel.pluginVersion } : {}),
    ...(panel.links?.length ? { titleItems: new PanelLinks({ links: panel.links }) } : {}),
    ...($data ? { $data } : {}),
    ...($variables ? { $variables } : {}),
  });
}

function gridItem(placed: Placed): SceneGridItem {
  const { x, y, w, h } = placed.gridPos;
  return new SceneGridItem({ x, y, width: w, height: h, body: vizPanel(placed) });
}

export function gridChild(item: PlacedItem): SceneGridItemLike {
  if (!('children' in item)) {
    return gridItem(item);
  }
  const $variables = scopedVariables(item.scoped);
  return new SceneGridRow({
    key: `row-${item.panel.id}${item.copy}`,
    title: item.panel.title ?? '',
    isCollapsed: item.isCollapsed,
    y: item.gridPos.y,
    children: item.children.map(gridItem),
    ...($variables ? { $variables } : {}),
  });
}
