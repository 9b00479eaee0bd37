/** A switch for each of the dashboard's annotations. */
import {
  dataLayers,
  type SceneComponentProps,
  SceneDataLayerSet,
  SceneObjectBase,
} from '@grafana/scenes';
import { InlineLabel } from '@grafana/ui';

function AnnotationControlsRenderer({ model }: SceneComponentProps<AnnotationControls>) {
  const layers = model.parent?.state.$data;
  if (!(layers instanceof SceneDataLayerSet)) {
    return null;
  }
  const shown = layers.state.layers.filter(
    (layer): layer is dataLayers.AnnotationsDataLayer =>
      layer instanceof dataLayers.AnnotationsDataLayer && !layer.state.isHidden
  );
  return shown.map((layer) => (
    <div key={layer.state.key} style={{ display: 'flex' }}>
      <InlineLabel htmlFor={`data-layer-${layer.state.key ?? ''}`} width="auto">
        {layer.state.name}
      </InlineLabel>
      <layer.Component model={layer} />
    </div>
  ));
}

export class AnnotationControls extends SceneObjectBase {
  static Component = AnnotationControlsRenderer;

  constructor() {
    super({});
  }
}
