/** A window of the browser on the preview. */
import type { BrowserContext, Page } from 'playwright-core';
import type { Found, PageReport } from './protocol';

const READY_MS = 60_000;

function noteErrors(page: Page, errors: string[]): void {
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      errors.push(`${message.text()} (${message.location().url})`);
    }
  });
  page.on('requestfailed', (request) => {
    // What a newer query replaces is aborted.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') {
      errors.push(`${request.url()}: ${request.failure()?.errorText ?? 'failed'}`);
    }
  });
}

async function isReady(page: Page): Promise<boolean> {
  try {
    await page.waitForFunction(() => window.dashgenPreview?.ready() ?? false, null, { timeout: READY_MS });
    return true;
  } catch {
    return false;
  }
}

export class Window {
  private readonly errors: string[] = [];

  constructor(private page: Page) {
    noteErrors(page, this.errors);
  }

  static async open(context: BrowserContext, url: string): Promise<Window> {
    const page = await context.newPage();
    const window = new Window(page);
    await page.goto(url);
    return window;
  }

  async report(): Promise<PageReport> {
    const ready = await isReady(this.page);
    const shown = await this.page.evaluate(() => ({
      panels: window.dashgenPreview?.panels() ?? [],
      problems: [...(window.dashgenPreview?.problems ?? [])],
    }));
    return { url: this.page.url(), ready, ...shown, errors: [...this.errors] };
  }

  async click(selector: string): Promise<PageReport> {
    await this.page.locator(selector).first().click();
    return this.settled();
  }

  async choose(variable: string, option: string): Promise<PageReport> {
    const control = this.page.locator(`label:text-is("${variable}")`).locator('xpath=..');
    await control.getByRole('combobox').click();
    await this.page.getByRole('option', { name: option, exact: true }).click();
    await this.page.keyboard.press('Tab'); // several can be chosen before it is left
    return this.settled();
  }

  async follow(selector: string): Promise<PageReport> {
    const link = this.page.locator(selector).first();
    if ((await link.getAttribute('target')) === '_blank') {
      const [opened] = await Promise.all([this.page.context().waitForEvent('page'), link.click()]);
      await this.page.close();
      this.page = opened;
      noteErrors(opened, this.errors);
    } else {
      await link.click();
    }
    await this.page.waitForLoadState('load');
    return this.report();
  }

  find(selector: string): Promise<Found[]> {
    return this.page.locator(selector).evaluateAll((elements) =>
      elements.map((element) => ({ text: element.textContent, href: element.getAttribute('href') }))
    );
  }

  evaluate(expression: string): Promise<unknown> {
    return this.page.evaluate(expression);
  }

  close(): Promise<void> {
    return this.page.close();
  }

  /** What follows from a click begins in the next frames. */
  private async settled(): Promise<PageReport> {
    await this.page.evaluate(
      () =>
        new Promise((done) => {
          requestAnimationFrame(() => setTimeout(done, 100));
        })
    );
    return this.report();
  }
}
