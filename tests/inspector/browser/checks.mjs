// What is checked of the page. Each check is a sentence, and gets a program and a browser of its own choice.
import assert from 'node:assert/strict';
import {Inspected, open} from './setup.mjs';

const program = process.env.EBB_INSPECTED;

// Polls until it holds: what is waited for is an event in the page, and the limit is for when it is broken.
async function eventually(what, holds, patience_ms = 20000) {
  const until = Date.now() + patience_ms;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > until) assert.fail('never: ' + what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const text = (page, selector) => page.locator(selector).first().textContent();
const row = (page, id) => page.locator(`li.pool[data-id="${id}"]`);
const count = (n) => n.toLocaleString('en-US');
const plural = (n, one) => `${count(n)} ${one}${n === 1 ? '' : 's'}`;
const is_live = (page) => page.waitForSelector('#live[data-live=live]');

function in_order(seen) {
  assert.deepEqual(seen.errors, [], 'errors in the console');
  assert.deepEqual(seen.elsewhere, [], 'requests to another origin');
}

// Runs `body` with a program and a page on it, and sees that the page did nothing it should not.
function on_page(options, body) {
  return async (browser) => {
    const inspected = await Inspected.start(program, ...(options.actions ? ['--actions'] : []));
    try {
      for (const line of options.tell || []) await inspected.tell(line);
      const {page, seen, close} = await open(browser, inspected.url, options);
      await is_live(page);
      await body(page, inspected, seen);
      if (!options.breaks) in_order(seen);
      await close();
    } finally {
      await inspected.stop();
    }
  };
}

// Of a bounded pool; the row is open afterwards.
async function bounded_numbers_equal(page, pool, same) {
  const {bounded} = pool;
  const of = `#bounded-list li.pool[data-id="${pool.id}"]`;
  for (const [field, value] of Object.entries(bounded)) {
    if (typeof value === 'number') await same(`${of} [data-field="${field}"]`, count(value));
  }
  for (const [bucket, n] of bounded.waits.entries()) {
    if (n > 0) await same(`${of} [data-bucket="${bucket}"] b`, count(n));
  }
  const buckets = await page.locator(of + ' [data-bucket] b').allTextContents();
  assert.equal(buckets.reduce((sum, t) => sum + Number(t.replaceAll(',', '')), 0), bounded.waits.reduce((a, b) => a + b, 0));
  await same(of + ' .two span', `${count(bounded.in_use)} of ${count(bounded.capacity)}`);
  await same(of + ' .waiting', count(bounded.waiters));
  await same(of + ' .failures', count(bounded.timed_out + bounded.refused + bounded.failed_to_open + bounded.closed_broken));
  const width = await page.locator(of + ' .places .in_use').evaluate((e) => parseFloat(e.style.width));
  assert.equal(Math.round(width), Math.round(bounded.in_use / bounded.capacity * 100));
}

async function numbers_equal(page, inspected) {
  // All of them stand still, so what the page shows in the end is what is there now; a snapshot from before would not be.
  const now = Date.now();
  const json = await eventually('a new snapshot', async () => {
    const answer = await inspected.json();
    return answer.unix_ms > now && answer;
  });
  assert.ok(json.pools.length >= 3);
  const same = async (selector, expected) => eventually(`${selector} says ${expected}`,
    async () => await text(page, selector) === expected);
  await same('#t-pools', count(json.totals.pools));
  await same('#t-bytes-more', count(json.totals.idle) + ' objects');
  await same('#t-used', count(json.totals.in_use));
  await same('#t-used-more', `of ${count(json.totals.made)} made`);
  await same('#t-cycles', count(json.process.cycles));
  await same('#program', json.process.program);
  for (const pool of json.pools) {
    const of = `li.pool[data-id="${pool.id}"]`;
    assert.equal(await text(page, of + ' .title'), pool.name || 'no name, #' + pool.id);
    assert.equal(await text(page, of + ' .type'), pool.type);
    await row(page, pool.id).locator('button.name').click();
    if (pool.bounded) {
      await bounded_numbers_equal(page, pool, same);
      continue;
    }
    for (const [field, value] of Object.entries(pool)) {
      if (typeof value !== 'number' || field === 'id' || field === 'hit_ratio') continue;
      await same(`${of} [data-field="${field}"]`, count(value));
    }
    assert.match(await row(page, pool.id).textContent(), new RegExp(`${count(pool.idle)} of ${count(Math.max(pool.idle, pool.idle_peak))}`));
  }
  // And the sums are those of the pools.
  const shown = await page.locator('#list [data-field="idle"]').allTextContents();
  assert.equal(shown.reduce((sum, t) => sum + Number(t.replaceAll(',', '')), 0), json.totals.idle);
}

export const checks = {
  'every number of every pool on the page equals pools.json': on_page({tell: ['period 50', 'load 30', 'load 40', 'load 20', 'period 0', 'load 0']}, numbers_equal),

  'and still does after pressure, cycles and a drain': on_page({actions: true, tell: ['load 30', 'load 0']}, async (page, inspected) => {
    await page.click('#collect');
    await page.click('#drain:enabled');
    await inspected.tell('load 20');
    await inspected.tell('load 0');
    await numbers_equal(page, inspected);
  }),

  'every number of every bounded pool on the page equals pools.json':
    on_page({actions: true, tell: ['hold 5', 'clients 16', 'clients 0']}, async (page, inspected) => {
      const pools = (await inspected.json()).pools.filter((p) => p.bounded);
      assert.equal(pools.length, 3);
      assert.equal(pools[0].bounded.in_use, 5);
      assert.ok(pools[0].bounded.acquired > 5 && pools[1].bounded.acquired > 0);
      await numbers_equal(page, inspected);
      assert.equal(await page.locator('#bounded-list button').count(), pools.length, 'nothing to drain them with');
    }),

  'who waits for a bounded pool is seen, how long, and that it failed': on_page({tell: ['hold 8']}, async (page, inspected) => {
    const of = '#bounded-list li.pool:first-child ';
    const drawn = (what) => page.locator(of + '.spark .' + what).getAttribute('d').catch(() => null);
    await eventually('all are in use', async () => await text(page, of + '.two span') === '8 of 8');
    assert.equal(await page.locator(of + '.exhausted').count(), 0);
    assert.equal(await text(page, of + '.quantiles span'), 'nobody waited');
    await eventually('it is drawn', () => drawn('in_use'));
    assert.equal(await drawn('waited') + await drawn('failed'), '');
    await inspected.tell('clients 6');
    await page.waitForSelector(of + '.exhausted .waiting');
    await eventually('they are counted', async () => Number(await text(page, of + '.waiting')) > 0);
    // They wait for 60 ms, and get nothing; the end of the bucket of that is 65.5 ms, of a slow machine a later one.
    await eventually('how long', async () => /^p50 ≤ \d+(\.\d)? m?s$/.test(await text(page, of + '.quantiles span')));
    const limit = parseFloat((await text(page, of + '.quantiles span')).slice(6));
    assert.ok(limit >= 65.5 || /\d s$/.test(await text(page, of + '.quantiles span')), 'nobody got one sooner');
    await eventually('a mark', () => drawn('failed'));
    await page.waitForSelector(of + '.failures.now');
    await eventually('why', async () => /^[\d,]+ timed out$/.test(await text(page, of + '.dropped small')));
    await page.locator(of + 'button.name').click();
    await eventually('a chart of them', async () => await page.locator(of + '.chart .series.timed_out').count() > 0);
    await inspected.tell('clients 0');
    await inspected.tell('hold 0');
    await eventually('nobody waits any more', async () => await text(page, of + '.waiting') === '0');
    assert.equal(await page.locator(of + '.exhausted').count(), 0);
    await eventually('all are idle', async () => /8 idle/.test(await page.locator(of + '.row').textContent()));
  }),

  'charts move under load and stand still without': on_page({tell: ['load 0']}, async (page, inspected) => {
    const drawn = () => page.locator('#charts .series.own').first().getAttribute('d').catch(() => null);
    const rate = async () => (await page.locator('#charts [data-series=own]').allTextContents())[0];
    assert.equal(await page.locator('#charts .series').count(), 0, 'nothing has happened yet');
    await inspected.tell('load 40');
    const first = await eventually('a chart shows hits', drawn);
    await eventually('it changes', async () => await drawn() !== first);
    await eventually('hits are counted', async () => !/^(0|–|undefined)/.test(String(await rate())));
    await eventually('a row has a line', async () => (await page.locator('.spark .idle').first().getAttribute('d')).length > 30);
    await inspected.tell('load 0');
    await eventually('no hits any more', async () => await rate() === '0/s');
  }),

  'cycles and pressure are marked where they happened': on_page({actions: true, tell: ['load 10', 'load 0']}, async (page, inspected) => {
    const path = async (what) => await page.locator(`#charts .${what}`).first().getAttribute('d');
    await eventually('drawn', async () => await page.locator('#charts .cycles').count() > 0);
    assert.equal(await path('cycles') + await path('level1') + await path('level2'), '');
    await page.click('#collect');
    await eventually('a triangle', () => path('cycles'));
    await inspected.tell('pressure medium');
    await eventually('a band', () => path('level1'));
    await page.waitForSelector('#pressure[data-level=medium]');
    await inspected.tell('pressure high');
    await eventually('another band', () => path('level2'));
    assert.equal(await text(page, '#pressure'), 'pressure high');
    await inspected.tell('pressure low');
    await page.waitForSelector('#pressure[data-level=low]');
    assert.notEqual(await path('level1'), '', 'the band stays where it was');
  }),

  'buttons are absent unless the program enables them': on_page({tell: ['load 10', 'load 0']}, async (page, inspected) => {
    await eventually('numbers', async () => (await text(page, '#t-pools')) !== '0');
    assert.equal(await page.locator('#collect').isVisible(), false);
    assert.equal(await page.locator('#drain').isVisible(), false);
    assert.equal(await page.getAttribute('meta[name=ebb-token]', 'content'), '');
    assert.equal((await fetch(inspected.url + 'drain', {method: 'POST'})).status, 404);
    assert.ok((await inspected.json()).totals.idle > 0);
  }),

  'Collect runs one cycle, Drain leaves nothing idle and says how much it was': on_page({actions: true, tell: ['many 20', 'load 30', 'load 0']}, async (page, inspected) => {
    const before = await inspected.json();
    assert.ok(before.totals.idle > 200);
    await page.click('#collect');
    await eventually('it says so', async () => await text(page, '#done') === 'One cycle ran.');
    const between = await inspected.json();
    assert.equal(between.process.cycles, before.process.cycles + 1);
    await page.click('#drain:enabled');
    await eventually('it says so', async () => /^Drained: /.test(await text(page, '#done')));
    const after = await inspected.json();
    assert.equal(after.totals.idle, 0);
    assert.equal(await text(page, '#done'), `Drained: ${count(between.totals.idle)} objects destroyed.`);
    await eventually('the page shows it', async () => await text(page, '#t-bytes-more') === '0 objects');
  }),

  'Drain this pool empties that one, and is absent unless the program enables it': async (browser) => {
    await on_page({actions: true, tell: ['load 30', 'load 0']}, async (page, inspected) => {
      const before = await inspected.json();
      const pool = before.pools.find((p) => p.name === 'parsers');
      assert.ok(pool.idle > 0);
      await row(page, pool.id).locator('button.name').click();
      await row(page, pool.id).locator('button.act').click();
      await eventually('it says so', async () => await text(page, '#done') === `Drained parsers: ${plural(pool.idle, 'object')} destroyed.`);
      const after = await inspected.json();
      assert.equal(after.totals.idle, before.totals.idle - pool.idle);
      assert.equal(after.pools.find((p) => p.id === pool.id).idle, 0);
      await eventually('the page shows it', async () => await text(page, `li.pool[data-id="${pool.id}"] [data-field="idle"]`) === '0');
    })(browser);
    await on_page({tell: ['load 10', 'load 0']}, async (page) => {
      await page.locator('#list button.name').first().click();
      await page.waitForSelector('.detail');
      assert.equal(await page.locator('button.act').count(), 0);
    })(browser);
  },

  'hostile names stay text, and nothing of them is executed': on_page({tell: ['hostile']}, async (page, inspected) => {
    const json = await inspected.json();
    assert.equal(json.pools.length >= 10, true);
    assert.equal(json.pools.filter((p) => p.bounded).length, 3);
    for (const pool of json.pools) {
      const title = row(page, pool.id).locator('.title');
      await title.waitFor();
      assert.equal(await title.textContent(), pool.name || 'no name, #' + pool.id);
      assert.equal(await title.locator('*').count(), 0, 'a name became an element');
      await row(page, pool.id).locator('button.name').click();
    }
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator('img').count(), 0);
    assert.equal(await page.locator('script').count(), 1);
    assert.ok(json.pools.some((p) => p.name.length === 10000));
    assert.ok(json.pools.some((p) => p.name.includes('\u202e')));
    await no_sideways(page);
  }),

  '300 pools: the first 50, the rest on demand, found by name, sorted': on_page({tell: ['many 300']}, async (page) => {
    await eventually('fifty rows', async () => await page.locator('li.pool').count() === 50);
    const all = Number((await text(page, '#t-pools')).replaceAll(',', ''));
    assert.ok(all >= 300);
    await page.click('#more');
    assert.equal(await page.locator('li.pool').count(), 100);
    await page.fill('#search', 'POOL 299');
    assert.deepEqual(await page.locator('.title').allTextContents(), ['pool 299']);
    await page.fill('#search', 'no such pool');
    assert.equal(await page.locator('#none').isVisible(), true);
    await page.fill('#search', 'pool 1');
    await page.selectOption('#sort', 'name');
    assert.equal((await page.locator('.title').allTextContents())[1], 'pool 10');
    await page.selectOption('#sort', 'idle');
    assert.equal((await page.locator('.title').allTextContents())[0], 'pool 199');
  }),

  'before the first put it says that there is no pool yet': on_page({}, async (page, inspected) => {
    if ((await inspected.json()).pools.length === 0) {
      assert.match(await text(page, '#none'), /^No pool holds anything yet/);
    }
    assert.equal(await text(page, '#t-ratio'), '–');
  }),

  'a server that is gone is shown, since when, and that it is back': on_page({breaks: true, tell: ['load 5', 'load 0']}, async (page, inspected) => {
    inspected.child.kill('SIGSTOP');
    await page.waitForSelector('#live[data-live=gone]');
    assert.match(await text(page, '#gone'), /^No answer since \d\d:\d\d:\d\d\. What you see is from then/);
    assert.ok(await page.locator('li.pool').count() > 0, 'what was known stays');
    inspected.child.kill('SIGCONT');
    await is_live(page);
    assert.equal(await page.locator('#gone').isVisible(), false);
    await inspected.stop();
    await page.waitForSelector('#live[data-live=gone]');
  }),

  'on a phone nothing is wider than the screen': on_page({width: 360, height: 740, actions: true, tell: ['hostile', 'load 10', 'load 0', 'hold 8', 'clients 16']}, async (page) => {
    await page.waitForSelector('#bounded-list .exhausted');
    await page.locator('#bounded-list button.name').first().click();
    await page.locator('#list button.name').first().click();
    await no_sideways(page);
    await page.setViewportSize({width: 320, height: 600});
    await no_sideways(page);
  }),

  'in dark mode the colours are others, and readable': async (browser) => {
    const colours = {};
    for (const dark of [false, true]) {
      await on_page({dark, tell: ['load 5', 'load 0', 'hold 8', 'clients 16']}, async (page) => {
        await page.waitForSelector('.exhausted .waiting');
        await page.waitForSelector('.failures.now');
        colours[dark] = await page.evaluate(() => ['body', '.tile', '.tile b', '.tile .quiet', '#live', '.title']
          .map((s) => [s, getComputedStyle(document.querySelector(s))]).map(([s, c]) => [s, c.color, c.backgroundColor]));
        for (const [s, ink, paper] of await page.evaluate(readable)) assert.ok(contrast(ink, paper) >= 4.5, `${s}: ${ink} on ${paper}`);
      })(browser);
    }
    assert.notDeepEqual(colours[false][0], colours[true][0]);
    assert.notDeepEqual(colours[false][2], colours[true][2]);
  },

  'everything can be reached and used by keyboard': on_page({actions: true, tell: ['load 10', 'load 0']}, async (page) => {
    await page.locator('li.pool').first().waitFor();
    const reached = new Set();
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press('Tab');
      const [what, outline] = await page.evaluate(() => {
        const e = document.activeElement;
        return [e.id || (e instanceof SVGElement ? e.tagName : e.className) || e.tagName, getComputedStyle(e).outlineStyle];
      });
      if (what !== 'BODY') assert.notEqual(outline, 'none', `the focus on ${what} is not to be seen`);
      reached.add(what);
      if (what === 'name') break;
    }
    for (const what of ['skip', 'collect', 'drain', 'svg', 'search', 'sort', 'name']) assert.ok(reached.has(what), `${what} of ${[...reached]}`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.detail');
    assert.equal(await page.locator('.name').first().getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('.detail').count(), 0);
    await page.locator('#charts svg').first().focus();
    await page.keyboard.press('ArrowLeft');
    assert.match(await text(page, '#charts h3 span'), /^\d\d:\d\d:\d\d$/);
  }),
};

async function no_sideways(page) {
  const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= screen, `${wide} px on a screen of ${screen} px`);
}

// Runs in the page: text, and what it is drawn on.
function readable() {
  const paper = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (c !== 'rgba(0, 0, 0, 0)') return c;
    }
    return 'rgb(255, 255, 255)';
  };
  return ['h1', '.tile b', '.tile .quiet', '#live', '#pressure', '.title', '.type', '.key', 'footer', '.legend span',
          '.exhausted .waiting', '.failures.now', '.bounded small']
    .map((s) => [s, document.querySelector(s)]).map(([s, e]) => [s, getComputedStyle(e).color, paper(e)]);
}

// As WCAG 2 defines it.
function contrast(a, b) {
  const light = (colour) => colour.match(/\d+(\.\d+)?/g).slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}
