/** What is known of each panel on the page. */
import { LoadingState, type PanelData } from '@grafana/data';
import { type EmbeddedScene, sceneGraph, SceneGridRow, type SceneObject, VizPanel } from '@grafana/scenes';
import { mayBeEmpty } from '../dashboard';
import { isDrawn } from '../drawn';

export interface PanelReport {
  id: number;
  title: string;
  type: string;
  state: LoadingState;
  /** Whether it shows what its latest answer says. */
  finished: boolean;
  rows: number;
  /** Whether its description says when it is empty. */
  mayBeEmpty: boolean;
  errors: string[];
  /** What can be read in it. */
  text: string;
}

function dataOf(panel: VizPanel): PanelData | undefined {
  return panel.state.$data?.state.data;
}

function hasNoData(panel: VizPanel): boolean {
  return panel.state.$data === undefined;
}

function errorsOf(panel: VizPanel): string[] {
  const { _pluginLoadError: pluginError } = panel.state;
  const messages = (dataOf(panel)?.errors ?? []).map(({ message = 'failed', refId }) =>
    refId ? `query ${refId}: ${message}` : message
  );
  return pluginError ? [pluginError] : messages;
}

function isFinished(panel: VizPanel): boolean {
  if (!panel.isActive || !panel.getPlugin()) {
    return false;
  }
  if (panel.state._pluginLoadError !== undefined || hasNoData(panel)) {
    return true;
  }
  const data = dataOf(panel);
  const isAnswered = data?.state === LoadingState.Done || data?.state === LoadingState.Error;
  return isAnswered && isDrawn(data);
}

function textOf(panel: VizPanel): string {
  const element = document.querySelector(`[data-viz-panel-key="${CSS.escape(panel.state.key ?? '')}"]`);
  return element instanceof HTMLElement ? element.innerText : '';
}

export function reportOf(panel: VizPanel): PanelReport {
  const data = dataOf(panel);
  const errors = errorsOf(panel);
  const state = errors.length ? LoadingState.Error : (data?.state ?? LoadingState.NotStarted);
  return {
    id: panel.getLegacyPanelId(),
    title: sceneGraph.interpolate(panel, panel.state.title, undefined, 'text'),
    type: panel.state.pluginId,
    state: hasNoData(panel) && !errors.length ? LoadingState.Done : state,
    finished: isFinished(panel),
    rows: (data?.series ?? []).reduce((sum, frame) => sum + frame.length, 0),
    mayBeEmpty: hasNoData(panel) || mayBeEmpty(panel.state.description),
    errors,
    text: textOf(panel),
  };
}

function isInClosedRow(object: SceneObject | undefined): boolean {
  return object !== undefined && (isClosed(object) || isInClosedRow(object.parent));
}

const isClosed = (object: SceneObject) => object instanceof SceneGridRow && object.state.isCollapsed === true;

/** The panels that can be seen, or scrolled to. */
export function visiblePanels(scene: EmbeddedScene): VizPanel[] {
  return sceneGraph.findDescendents(scene, VizPanel).filter((panel) => !isInClosedRow(panel));
}

/** Whether every panel that can be seen shows its latest answer. */
export function isReady(scene: EmbeddedScene): boolean {
  const variables = scene.state.$variables;
  const isLoading = variables?.state.variables.some((variable) => variables.isVariableLoadingOrWaitingToUpdate(variable));
  return scene.isActive && !isLoading && visiblePanels(scene).every(isFinished);
}
