/** A dashboard as a scene: variables, annotations, time, controls and the grid of panels. */
import {
  behaviors,
  dataLayers,
  EmbeddedScene,
  MultiValueVariable,
  type MultiValueVariableState,
  SceneDataLayerSet,
  sceneGraph,
  SceneGridLayout,
  SceneRefreshPicker,
  SceneTimePicker,
  SceneTimeRange,
  SceneVariableSet,
  type VariableValueOption,
  VariableValueSelectors,
} from '@grafana/scenes';
import type { Dashboard } from '../dashboard';
import { AnnotationControls } from './AnnotationControls';
import { DashboardScene } from './DashboardScene';
import { gridChild } from './panels';
import { type Choice, type Choices, layOut, repeatedBy } from './repeats';
import { sceneVariable } from './variables';

const DEFAULT_TIME = { from: 'now-6h', to: 'now' };

function annotationLayers({ annotations }: Dashboard): SceneDataLayerSet {
  const queries = (annotations?.list ?? []).filter((query) => query.expr !== undefined);
  return new SceneDataLayerSet({
    layers: queries.map(
      (query) =>
        new dataLayers.AnnotationsDataLayer({
          name: query.name,
          query,
          isEnabled: query.enable,
          isHidden: query.hide ?? false,
        })
    ),
  });
}

function layout(dashboard: Dashboard, choices: Choices, expand: boolean) {
  return layOut(dashboard.panels, choices, expand).map(gridChild);
}

/** The values chosen of a variable; with All, each that there is. */
function chosen(scene: EmbeddedScene, name: string): Choice[] {
  const variable = sceneGraph.lookupVariable(name, scene);
  if (!(variable instanceof MultiValueVariable)) {
    const value = variable?.getValue();
    return typeof value === 'string' && value ? [{ value, text: value }] : [];
  }
  const { options, value } = variable.state as MultiValueVariableState;
  const values = new Set([value].flat());
  const isChosen = (option: VariableValueOption) => variable.hasAllValue() || values.has(option.value);
  return options.filter(isChosen).map((option) => ({ value: option.value as string, text: option.label }));
}

/** Lays the panels out anew when the values that they are repeated by have changed. */
function repeatBehaviour(dashboard: Dashboard, grid: SceneGridLayout, expand: boolean) {
  const names = [...repeatedBy(dashboard.panels)];
  return (scene: EmbeddedScene) => {
    let last = '';
    const repeat = () => {
      const values = Object.fromEntries(names.map((name) => [name, chosen(scene, name)]));
      const isLoading = names.some((name) => {
        const variable = sceneGraph.lookupVariable(name, scene);
        return variable !== null && scene.state.$variables?.isVariableLoadingOrWaitingToUpdate(variable);
      });
      const now = JSON.stringify(values);
      if (!isLoading && now !== last) {
        last = now;
        const children = layout(dashboard, (name) => values[name] ?? [], expand);
        grid.setState({ children });
      }
    };
    // Once the variables that changed together have all changed.
    const later = () => {
      queueMicrotask(repeat);
    };
    const subscriptions = names.flatMap((name) => {
      const variable = sceneGraph.lookupVariable(name, scene);
      return variable ? [variable.subscribeToState(later)] : [];
    });
    repeat();
    return () => {
      subscriptions.forEach((subscription) => {
        subscription.unsubscribe();
      });
    };
  };
}

/** How the address asks for it. */
export interface SceneOptions {
  /** Opens the rows that are collapsed. */
  expand: boolean;
  /** Asks once: a picture is of one moment. */
  still: boolean;
}

export function dashboardScene(dashboard: Dashboard, { expand, still }: SceneOptions): DashboardScene {
  const repeats = repeatedBy(dashboard.panels).size > 0;
  const grid = new SceneGridLayout({ children: repeats ? [] : layout(dashboard, () => [], expand) });
  const refresh = still || dashboard.refresh === false ? '' : (dashboard.refresh ?? '');
  return new DashboardScene({
    $timeRange: new SceneTimeRange({
      ...(dashboard.time ?? DEFAULT_TIME),
      timeZone: dashboard.timezone ?? 'browser',
    }),
    $variables: new SceneVariableSet({
      variables: (dashboard.templating?.list ?? []).flatMap((variable) => sceneVariable(variable) ?? []),
    }),
    $data: annotationLayers(dashboard),
    $behaviors: [
      new behaviors.CursorSync({ sync: dashboard.graphTooltip ?? 0 }),
      ...(repeats ? [repeatBehaviour(dashboard, grid, expand)] : []),
    ],
    controls: [
      new VariableValueSelectors({}),
      new AnnotationControls(),
      new SceneTimePicker({}),
      new SceneRefreshPicker({
        refresh,
        ...(dashboard.timepicker?.refresh_intervals ? { intervals: dashboard.timepicker.refresh_intervals } : {}),
      }),
    ],
    body: grid,
  });
}
