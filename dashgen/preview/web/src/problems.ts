/** What is wrong with the dashboard on the page: shown on it, and read by checks. */

export interface Problem {
  /** A panel that has no data but must, a query, panel, variable or annotation that fails, or a definition. */
  kind: 'definition' | 'nodata' | 'panel' | 'query' | 'variable';
  /** Title of the panel, or name of the variable or annotation; empty for the dashboard itself. */
  where: string;
  reason: string;
}

type Listener = () => void;

/** A list without duplicates that a React component can subscribe to. */
class Problems {
  private list: readonly Problem[] = [];
  private readonly listeners = new Set<Listener>();

  readonly current = (): readonly Problem[] => this.list;

  readonly subscribe = (listener: Listener): Listener => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** What was found of one place before, except in its definition, is replaced by what is found now. */
  replace(where: string, found: readonly Problem[]): void {
    const before = this.list.filter((problem) => problem.where === where && problem.kind !== 'definition');
    if (JSON.stringify(before) !== JSON.stringify(found)) {
      this.set([...this.list.filter((problem) => !before.includes(problem)), ...found]);
    }
  }

  /** Starts anew, for another dashboard. */
  start(found: readonly Problem[]): void {
    this.set(found);
  }

  private set(list: readonly Problem[]): void {
    this.list = list;
    this.listeners.forEach((listener) => {
      listener();
    });
  }
}

export const problems = new Problems();
