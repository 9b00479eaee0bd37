/** The scene of a dashboard, laid out as Grafana does: variables at the left, time at the right, panels below. */
import type { GrafanaTheme2 } from '@grafana/data';
import {
  EmbeddedScene,
  type SceneComponentProps,
  type SceneObject,
  SceneRefreshPicker,
  SceneTimePicker,
} from '@grafana/scenes';
import { useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';

const styles = (theme: GrafanaTheme2) => ({
  controls: css({ alignItems: 'flex-start', display: 'flex', gap: theme.spacing(2), marginBottom: theme.spacing(2) }),
  time: css({ display: 'flex', flexShrink: 0, gap: theme.spacing(1), marginLeft: 'auto' }),
  variables: css({ alignItems: 'flex-end', display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1, 2) }),
});

const isOfTime = (control: SceneObject) => control instanceof SceneTimePicker || control instanceof SceneRefreshPicker;

const render = (control: SceneObject) => <control.Component key={control.state.key} model={control} />;

function DashboardSceneRenderer({ model }: SceneComponentProps<DashboardScene>) {
  const style = useStyles2(styles);
  const { body, controls = [] } = model.useState();
  return (
    <>
      <div className={style.controls}>
        <div className={style.variables}>{controls.filter((control) => !isOfTime(control)).map(render)}</div>
        <div className={style.time}>{controls.filter(isOfTime).map(render)}</div>
      </div>
      <body.Component model={body} />
    </>
  );
}

export class DashboardScene extends EmbeddedScene {
  static override Component = DashboardSceneRenderer;
}
