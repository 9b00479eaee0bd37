/** Follows a scene and collects what goes wrong in it. */
import { LoadingState } from '@grafana/data';
import {
  dataLayers,
  type EmbeddedScene,
  QueryVariable,
  type SceneObject,
  SceneObjectStateChangedEvent,
  VizPanel,
} from '@grafana/scenes';
import { type Problem, problems } from '../problems';
import { type PanelReport, reportOf } from './reports';

function problemsOf({ title, state, errors, rows, mayBeEmpty, type }: PanelReport, failed: boolean): Problem[] {
  const found = errors.map((reason): Problem => ({ kind: failed ? 'panel' : 'query', where: title || type, reason }));
  if (state === LoadingState.Done && rows === 0 && !mayBeEmpty) {
    found.push({ kind: 'nodata', where: title || type, reason: 'no data, and its description does not say when that is so' });
  }
  return found;
}

function panelOf(object: SceneObject | undefined): VizPanel | undefined {
  return object === undefined || object instanceof VizPanel ? object : panelOf(object.parent);
}

function checkPanel(panel: VizPanel): void {
  const report = reportOf(panel);
  const isAnswered = report.state === LoadingState.Done || report.state === LoadingState.Error;
  if (isAnswered) {
    problems.replace(report.title || report.type, problemsOf(report, panel.state._pluginLoadError !== undefined));
  }
}

function checkVariable({ state: { name, error, loading } }: QueryVariable): void {
  if (!loading) {
    const reason = error instanceof Error ? error.message : String(error ?? '');
    problems.replace(name, reason ? [{ kind: 'variable', where: name, reason }] : []);
  }
}

function checkAnnotations({ state: { name, data } }: dataLayers.AnnotationsDataLayer): void {
  const errors = data?.errors ?? [];
  problems.replace(
    name,
    errors.map(({ message }) => ({ kind: 'query', where: name, reason: message ?? 'failed' }))
  );
}

export function watchScene(scene: EmbeddedScene): () => void {
  const subscription = scene.subscribeToEvent(SceneObjectStateChangedEvent, ({ payload: { changedObject } }) => {
    if (changedObject instanceof QueryVariable) {
      checkVariable(changedObject);
    } else if (changedObject instanceof dataLayers.AnnotationsDataLayer) {
      checkAnnotations(changedObject);
    } else {
      const panel = panelOf(changedObject);
      if (panel) {
        checkPanel(panel);
      }
    }
  });
  return () => {
    subscription.unsubscribe();
  };
}
