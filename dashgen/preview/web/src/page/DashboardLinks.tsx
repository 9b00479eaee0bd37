import type { EmbeddedScene } from '@grafana/scenes';
import { Icon } from '@grafana/ui';
import { useLocation } from 'react-router-dom';
import type { Dashboard } from '../dashboard';
import { resolveLinks } from '../scene/links';

interface Properties {
  dashboard: Dashboard;
  others: Dashboard[];
  scene: EmbeddedScene;
}

/** They carry the variables and the time range that are chosen, which the page's address follows. */
export function DashboardLinks({ dashboard, others, scene }: Properties) {
  useLocation();
  return resolveLinks(dashboard, others, scene).map(({ title, tooltip, url, targetBlank }) => (
    <a href={url} key={`${title} ${url}`} rel="noreferrer" target={targetBlank ? '_blank' : undefined} title={tooltip}>
      <Icon name="link" size="sm" /> {title}
    </a>
  ));
}
