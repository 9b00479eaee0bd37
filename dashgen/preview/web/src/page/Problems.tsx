/** What is wrong, over the dashboard: errors of the build, and what the page found. */
import { Alert, Portal, useTheme2 } from '@grafana/ui';
import { useSyncExternalStore } from 'react';
import { problems } from '../problems';

/** Covers the page until the definitions build again. */
export function BuildErrors({ text }: { text: string }) {
  const theme = useTheme2();
  return (
    <Portal zIndex={theme.zIndex.modal}>
      <div
        data-testid="build-errors"
        role="alert"
        style={{
          background: theme.colors.background.canvas,
          inset: 0,
          overflow: 'auto',
          padding: theme.spacing(3),
          position: 'fixed',
        }}
      >
        <h2 style={{ color: theme.colors.error.text }}>The definitions do not build</h2>
        <pre>{text}</pre>
      </div>
    </Portal>
  );
}

export function FoundProblems() {
  const found = useSyncExternalStore(problems.subscribe, problems.current);
  if (!found.length) {
    return null;
  }
  const title = found.length === 1 ? '1 problem on this dashboard' : `${found.length} problems on this dashboard`;
  return (
    <div data-testid="problems">
      <Alert severity="warning" title={title}>
        <ul style={{ listStylePosition: 'inside', maxHeight: 200, overflow: 'auto' }}>
          {found.map(({ where, reason }) => (
            <li key={`${where} ${reason}`}>{where ? `${where}: ${reason}` : reason}</li>
          ))}
        </ul>
      </Alert>
    </div>
  );
}
