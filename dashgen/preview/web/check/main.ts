/**
 * Drives one Chromium for the tests. Usage: node build/check.mjs CHROMIUM PROFILE_FOLDER; requests on stdin, a line of
 * JSON each, and an answer for each on stdout: {"answer": …} or {"error": "…"}. It ends with its input.
 */
import { createInterface } from 'node:readline';
import { type BrowserContext, chromium } from 'playwright-core';
import type { Request } from './protocol';
import { Window } from './window';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

async function repeat(context: BrowserContext, url: string, times: number): Promise<string[]> {
  const unfinished: string[] = [];
  for (let time = 1; time <= times; time += 1) {
    const window = await Window.open(context, url);
    const { ready, panels, errors } = await window.report();
    const titles = panels.filter(({ finished }) => !finished).map(({ title }) => title);
    if (!ready || titles.length || errors.length) {
      unfinished.push(`load ${time}: ${[...titles, ...errors].join(', ')}`);
    }
    await window.close();
  }
  return unfinished;
}

class Session {
  private window: Window | undefined;

  constructor(private readonly context: BrowserContext) {}

  async answer(request: Request): Promise<unknown> {
    switch (request.do) {
      case 'open':
        await this.window?.close();
        this.window = await Window.open(this.context, request.url);
        return this.window.report();
      case 'repeat':
        return repeat(this.context, request.url, request.times);
      case 'click':
        return this.opened().click(request.selector);
      case 'choose':
        return this.opened().choose(request.variable, request.option);
      case 'follow':
        return this.opened().follow(request.selector);
      case 'find':
        return this.opened().find(request.selector);
      case 'evaluate':
        return this.opened().evaluate(request.expression);
    }
  }

  private opened(): Window {
    if (!this.window) {
      throw new Error('open an address first');
    }
    return this.window;
  }
}

async function main([executablePath = '', profile = '']: string[]): Promise<void> {
  const context = await chromium.launchPersistentContext(profile, {
    args: FLAGS,
    executablePath,
    headless: true,
    viewport: { width: 1400, height: 900 },
  });
  const session = new Session(context);
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await session.answer(JSON.parse(line) as Request).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error: String(error) })
    );
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  await context.close();
}

await main(process.argv.slice(2));
