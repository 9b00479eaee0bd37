import { type EmbeddedScene, UrlSyncContextProvider } from '@grafana/scenes';
import { ErrorBoundaryAlert, useTheme2 } from '@grafana/ui';
import { useEffect } from 'react';
import { watchScene } from '../scene/watch';
import { FoundProblems } from './Problems';

export function DashboardPage({ scene }: { scene: EmbeddedScene }) {
  const theme = useTheme2();
  useEffect(() => watchScene(scene), [scene]);
  return (
    <main style={{ padding: theme.spacing(2) }}>
      <FoundProblems />
      <ErrorBoundaryAlert dependencies={[scene]}>
        <UrlSyncContextProvider scene={scene}>
          <scene.Component model={scene} />
        </UrlSyncContextProvider>
      </ErrorBoundaryAlert>
    </main>
  );
}
