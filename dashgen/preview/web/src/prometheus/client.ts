/** Prometheus' HTTP API, through the server's proxy. */

export type Labels = Record<string, string>;
export type Sample = [seconds: number, value: string];

export interface Series {
  metric: Labels;
  /** Of a range query. */
  values?: Sample[];
  /** Of an instant query. */
  value?: Sample;
}

export type QueryResult = { resultType: 'matrix' | 'vector'; result: Series[] } | SingleResult;

interface SingleResult {
  resultType: 'scalar' | 'string';
  result: Sample;
}

export function isSingle(answer: QueryResult): answer is SingleResult {
  return answer.resultType === 'scalar' || answer.resultType === 'string';
}

type Parameters = Record<string, string | number | undefined>;

type Answer<T> = { status: 'success'; data: T } | { status: 'error'; errorType: string; error: string };

/** Throws what Prometheus says when it refuses. */
export async function getPrometheus<T>(path: string, parameters: Parameters, signal?: AbortSignal): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) {
      search.append(name, String(value));
    }
  }
  const response = await fetch(`/prometheus/api/v1/${path}?${search.toString()}`, { signal: signal ?? null });
  const text = await response.text();
  const answer = parseAnswer<T>(text);
  if (!answer) {
    throw new Error(`Prometheus: ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
  if (answer.status === 'error') {
    throw new Error(`${answer.errorType}: ${answer.error}`);
  }
  return answer.data;
}

function parseAnswer<T>(text: string): Answer<T> | undefined {
  try {
    const answer = JSON.parse(text) as Answer<T>;
    return 'status' in answer ? answer : undefined;
  } catch {
    return undefined; // a gateway in between answered, not Prometheus
  }
}
