// The program under inspection, and the browser that looks at its page.
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {chromium} from 'playwright-core';

export class Inspected {
  static async start(program, ...options) {
    const self = new Inspected();
    self.child = spawn(program, options, {stdio: ['pipe', 'pipe', 'inherit']});
    self.lines = createInterface({input: self.child.stdout})[Symbol.asyncIterator]();
    self.url = (await self.lines.next()).value;
    return self;
  }
  // Resolves when the program has done it.
  async tell(line) {
    this.child.stdin.write(line + '\n');
    const {value} = await this.lines.next();
    if (value !== 'ok') throw new Error(`the program says "${value}"`);
  }
  async json() { return (await fetch(this.url + 'pools.json')).json(); }
  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// A page that remembers what it should not have done.
export async function open(browser, url, {width = 1200, height = 900, dark = false} = {}) {
  const context = await browser.newContext({viewport: {width, height}, colorScheme: dark ? 'dark' : 'light'});
  const page = await context.newPage();
  const seen = {errors: [], elsewhere: [], answers: []};
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && seen.errors.push(m.text()));
  page.on('pageerror', (e) => seen.errors.push(String(e)));
  page.on('request', (r) => {
    if (!r.url().startsWith(url) && !r.url().startsWith('data:')) seen.elsewhere.push(r.url());
  });
  page.on('response', async (r) => {
    if (r.url().includes('pools.json')) r.json().then((j) => seen.answers.push(j), () => {});
  });
  await page.goto(url);
  return {page, seen, close: () => context.close()};
}
