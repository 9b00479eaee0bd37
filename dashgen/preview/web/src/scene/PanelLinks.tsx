/** The links of a panel, beside its title. */
import type { DataLink } from '@grafana/data';
import { sceneGraph, type SceneComponentProps, SceneObjectBase, type SceneObjectState } from '@grafana/scenes';
import { PanelChrome } from '@grafana/ui';
import { safeUrl } from './links';

interface State extends SceneObjectState {
  links: DataLink[];
}

function PanelLinksRenderer({ model }: SceneComponentProps<PanelLinks>) {
  const { links } = model.useState();
  return (
    <>
      {links.map(({ title, url, targetBlank }) => (
        <PanelChrome.TitleItem
          href={safeUrl(sceneGraph.interpolate(model, url))}
          key={`${title} ${url}`}
          target={targetBlank ? '_blank' : '_self'}
          title={sceneGraph.interpolate(model, title, undefined, 'text')}
        >
          ↗
        </PanelChrome.TitleItem>
      ))}
    </>
  );
}

export class PanelLinks extends SceneObjectBase<State> {
  static Component = PanelLinksRenderer;
}
