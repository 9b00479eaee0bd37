/** Runs a panel's queries: what `runRequest` does in Grafana's core, which is in no package. */
import {
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  LoadingState,
  type PanelData,
} from '@grafana/data';
import { catchError, from, map, type Observable, of, startWith } from 'rxjs';

type Query = DataSourceApi['query'];

export function runRequest(datasource: DataSourceApi, request: DataQueryRequest, query?: Query): Observable<PanelData> {
  const loading: PanelData = { state: LoadingState.Loading, series: [], request, timeRange: request.range };
  const answered = query ? query(request) : datasource.query(request);
  return from(answered).pipe(
    map((response) => panelData(response, request)),
    catchError((error: Error) =>
      of({ ...loading, state: LoadingState.Error, errors: [{ message: error.message }] } satisfies PanelData)
    ),
    startWith(loading)
  );
}

function panelData(response: DataQueryResponse, request: DataQueryRequest): PanelData {
  const answer = { series: response.data as DataFrame[], request, timeRange: request.range };
  return response.errors?.length
    ? { ...answer, state: LoadingState.Error, errors: response.errors }
    : { ...answer, state: LoadingState.Done };
}
