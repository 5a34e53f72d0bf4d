// Asks once a second, and shows what was answered.

const period_ms = 1000;
const patience_ms = 5000;

const find = (id) => document.getElementById(id);
const model = new Model();
const list = new PoolList(find, drain_one);
const charts = three_charts();
find('charts').append(...charts.map((c) => c.element));
let answered_at = 0;
let gone_since = 0;
let timer = 0;

function show_totals({totals: t, process: p}) {
  find('t-pools').textContent = count(t.pools);
  find('t-pools-more').textContent = t.bounded === 0 ? plural(p.shards, 'shard') + ' each'
                                                     : count(t.bounded) + (t.bounded === 1 ? ' is bounded' : ' are bounded');
  find('t-bytes').textContent = bytes(t.idle_bytes);
  find('t-bytes').title = plural(t.idle_bytes, 'byte');
  find('t-bytes-more').textContent = plural(t.idle, 'object');
  find('t-used').textContent = count(t.in_use);
  find('t-used-more').textContent = 'of ' + count(t.made) + ' made';
  find('t-ratio').textContent = ratio_of(t);
  find('t-ratio-more').textContent = 'since the last cycle';
  find('t-cycles').textContent = count(p.cycles);
  find('t-cycles-more').textContent = p.cycles_abandoned === 0 ? 'none abandoned' : count(p.cycles_abandoned) + ' abandoned';
  find('t-rss').textContent = p.resident_bytes === 0 ? '–' : bytes(p.resident_bytes);
  find('t-rss-more').textContent = 'watched for ' + duration(p.inspected_ms / 1000);
}

function show_process({process: p, actions}) {
  document.title = p.program + ' – ebbpool';
  find('program').textContent = p.program;
  find('subtitle').textContent = 'its pools, live · process ' + p.pid;
  find('pressure').hidden = false;
  find('pressure').dataset.level = p.pressure;
  find('pressure').textContent = 'pressure ' + p.pressure;
  find('pressure').title = p.pressure_source;
  find('actions').hidden = !actions;
  find('f-path').textContent = `${p.path}: ${p.reason}`;
  find('f-cycles').textContent = p.cycle_period_ms === 0 ? 'cycles: only when the program asks'
                                                         : `cycles: every ${+(p.cycle_period_ms / 1000).toFixed(2)} s`;
  find('f-pressure').textContent = p.pressure_source === '' ? '' : 'pressure: ' + p.pressure_source;
}

function show_live(state, text) {
  find('live').dataset.live = state;
  find('live-text').textContent = text;
  document.documentElement.classList.toggle('gone', state === 'gone');
}

function show() {
  const now = model.answer.unix_ms;  // the server's clock is the only one
  show_process(model.answer);
  show_totals(model.answer);
  find('loading').hidden = true;
  find('content').hidden = false;
  fit_span(model.samples, now);
  find('h-span').textContent = 'Idle, ' + span_name;
  find('h-bounded-span').textContent = 'In use, ' + span_name;
  for (const chart of charts) chart.update(model.samples, now);
  list.update(model, now);
}

function show_gone() {
  if (gone_since === 0) gone_since = answered_at || Date.now();
  show_live('gone', 'no answer');
  find('gone').hidden = false;
  const at = new Date(gone_since).toLocaleTimeString('en-GB');
  find('gone').textContent = answered_at === 0 ? `The program does not answer. Trying again …`
    : `No answer since ${at}. What you see is from then. Trying again …`;
}

async function ask() {
  clearTimeout(timer);
  try {
    const response = await fetch('pools.json?since=' + model.newest, {signal: AbortSignal.timeout(patience_ms), cache: 'no-store'});
    if (!response.ok) throw new Error('status ' + response.status);
    const answer = await response.json();
    if (!model.take(answer)) return location.reload();  // another program, with another token
    answered_at = Date.now();
    gone_since = 0;
    find('gone').hidden = true;
    show_live('live', 'live');
  } catch (error) {
    show_gone();
    timer = setTimeout(ask, period_ms);
    return;
  }
  timer = setTimeout(ask, period_ms);
  show();
}

async function act(what, describe, ...others) {
  const buttons = [find('collect'), find('drain'), ...others];
  buttons.forEach((b) => b.disabled = true);
  try {
    const token = document.querySelector('meta[name=ebb-token]').content;
    const response = await fetch(what, {method: 'POST', headers: {'X-Ebb-Token': token}});
    if (!response.ok) throw new Error((await response.text()).trim());
    find('done').textContent = describe(await response.json());
    await ask();
  } catch (error) {
    find('done').textContent = `That did not work: ${error.message}`;
  }
  buttons.forEach((b) => b.disabled = false);
}

function drain_one(pool, button) {
  return act('drain?id=' + pool.id, (r) => `Drained ${pool.name || '#' + pool.id}: ${plural(r.destroyed, 'object')} destroyed.`, button);
}

find('collect').addEventListener('click', () => act('collect', () => 'One cycle ran.'));
find('drain').addEventListener('click', () => act('drain', (r) => `Drained: ${plural(r.destroyed, 'object')} destroyed.`));
new ResizeObserver(() => model.answer && show()).observe(document.body);
ask();
