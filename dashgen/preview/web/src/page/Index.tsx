import { Card, Stack, useTheme2 } from '@grafana/ui';
import type { DashboardEntry } from '../server';

export function Index({ dashboards }: { dashboards: DashboardEntry[] }) {
  const theme = useTheme2();
  return (
    <main style={{ margin: '0 auto', maxWidth: 900, padding: theme.spacing(3) }}>
      <Stack direction="column" gap={1}>
        {dashboards.map(({ uid, title, description, file }) => (
          <Card href={`/d/${encodeURIComponent(uid)}`} key={uid} noMargin>
            <Card.Heading>{title}</Card.Heading>
            {description && <Card.Description>{description}</Card.Description>}
            <Card.Meta>{file}</Card.Meta>
          </Card>
        ))}
      </Stack>
    </main>
  );
}
