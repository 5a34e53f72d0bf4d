// The rows of pools that are not bounded, and the list of all.

const rows_at_first = 50;
const order_holds_ms = 5000;  // so that rows do not jump while somebody reads them

const fields = [
  ['idle', 'idle'], ['idle_bytes', 'idle, bytes'], ['idle_peak', 'idle at most'], ['in_use', 'in use'],
  ['made', 'made'], ['put', 'put, at least'], ['detached', 'detached'], ['reused', 'reused, at least'],
  ['reused_own', 'from own, at least'], ['reused_depot', 'from depot'], ['reused_stolen', 'stolen'],
  ['reused_victim', 'from victim'], ['missed', 'missed'], ['recent_reused', 'reused since last cycle'],
  ['recent_missed', 'missed since last cycle'], ['destroyed', 'destroyed'], ['dropped_aged', 'dropped: aged'],
  ['dropped_over_budget', 'dropped: over budget'], ['dropped_pressure', 'dropped: pressure'],
  ['dropped_drained', 'dropped: drained'], ['dropped_rejected', 'dropped: rejected'],
  ['dropped_no_memory', 'dropped: no memory'], ['dropped_at_random', 'dropped: at random'], ['cycles', 'cycles'],
  ['hit_ratio', 'hit ratio since last cycle'],
];

const ratio_of = (pool) => pool.recent_reused + pool.recent_missed === 0 ? '–' : percent(pool.hit_ratio);

class PoolRow extends Row {
  // `drain` is null where the program does not permit it.
  constructor(pool, drain) {
    super(pool);
    this.drain = drain;
  }
  actions() {
    if (this.drain === null) return [];
    const button = html('button', {type: 'button', class: 'act', title: 'Destroy what is idle in this pool'}, 'Drain this pool');
    button.addEventListener('click', () => this.drain(this.pool, button));
    return [button];
  }
  cells() {
    this.fill = html('i');
    this.idle = html('span');
    this.bytes = html('span', {class: 'quiet'});
    this.share = html('div', {class: 'share', 'aria-hidden': 'true'});
    this.answered = html('span');
    this.ratio = html('span', {class: 'quiet'});
    this.dropped = html('span', {class: 'number'});
    this.why = html('small');
    this.used = html('span', {class: 'number'});
    return [
      this.cell('Idle, of the most seen', '', html('div', {class: 'fill', 'aria-hidden': 'true'}, this.fill), html('div', {class: 'two'}, this.idle, this.bytes)),
      this.cell('Idle, over time', '', this.spark, this.unknown),
      this.cell('Gets answered by', '', this.share, html('div', {class: 'two'}, this.answered, this.ratio)),
      this.cell('Dropped', 'dropped', this.dropped, this.why),
      this.cell('In use', 'right used', this.used)];
  }
  charts() { return three_charts(); }
  fields() { return fields; }
  text_of(pool, field) { return field === 'hit_ratio' ? ratio_of(pool) : count(pool[field]); }
  draw(samples, now) { draw_spark(this.spark, samples, now); }

  show(pool) {
    const peak = Math.max(pool.idle_peak, pool.idle);
    this.fill.style.width = (peak === 0 ? 0 : pool.idle / peak * 100) + '%';
    this.idle.textContent = `${count(pool.idle)} of ${count(peak)}`;
    this.bytes.textContent = bytes(pool.idle_bytes);
    this.#share(pool);
    this.ratio.textContent = ratio_of(pool);
    this.ratio.title = 'hit ratio since the last cycle';
    this.dropped.textContent = count(pool.destroyed);
    const most = reasons.reduce((a, b) => pool['dropped_' + b] > pool['dropped_' + a] ? b : a);
    this.why.textContent = pool.destroyed === 0 ? '' : `${count(pool['dropped_' + most])} ${labels[most]}`;
    this.used.textContent = count(pool.in_use);
  }

  #share(pool) {
    const parts = sources.map((s) => [s, s === 'missed' ? pool.missed : pool['reused_' + s]]);
    const all = parts.reduce((sum, [, n]) => sum + n, 0);
    this.share.replaceChildren(...parts.filter(([, n]) => n > 0).map(([source, n]) => {
      const bar = html('i', {class: source, title: `${labels[source]}: ${count(n)}`});
      bar.style.width = n / all * 100 + '%';
      return bar;
    }));
    const [first] = parts.reduce((a, b) => b[1] > a[1] ? b : a);
    this.answered.textContent = all === 0 ? '–' : 'mostly ' + labels[first];
    this.share.parentElement.title = parts.map(([s, n]) => `${labels[s]}: ${count(n)}`).join('\n');
  }
}

class PoolList {
  constructor(find, drain) {
    this.find = find;
    this.bounded = new Rows(find('bounded-list'), (pool) => new BoundedRow(pool));
    this.others = new Rows(find('list'), (pool) => new PoolRow(pool, this.model.answer.actions ? drain : null));
    this.limit = rows_at_first;
    this.sorted_at = -Infinity;
    this.rank = new Map();
    const again = () => {
      this.sorted_at = -Infinity;
      this.limit = rows_at_first;
      if (this.model) this.update(this.model, this.now);
    };
    find('search').addEventListener('input', again);
    find('sort').addEventListener('change', again);
    find('more').addEventListener('click', () => {
      this.limit *= 2;
      this.update(this.model, this.now);
    });
  }

  update(model, now) {
    this.model = model;
    this.now = now;
    const all = model.answer.pools;
    const wanted = this.find('search').value.trim().toLowerCase();
    const found = wanted === '' ? all : all.filter((p) => (p.name + '\n' + p.type).toLowerCase().includes(wanted));
    const sorted = this.#sort(found);
    const bounded = sorted.filter((p) => p.bounded).slice(0, this.limit);
    const others = sorted.filter((p) => !p.bounded).slice(0, this.limit);
    this.bounded.show(bounded, model, now);
    this.others.show(others, model, now);
    this.find('bounded').hidden = bounded.length === 0;
    this.find('head').hidden = others.length === 0;
    const shown = [...bounded, ...others];

    this.find('shown').textContent = shown.length < all.length ? `${count(shown.length)} of ${count(all.length)}` : count(all.length);
    this.find('none').hidden = shown.length > 0;
    this.find('none').textContent = all.length === 0 ? 'No pool holds anything yet. A pool appears with the first object that is put into it.'
                                                     : 'No pool’s name or type has that in it.';
    this.find('more').hidden = shown.length === found.length;
    this.find('more').textContent = `Show more: ${count(found.length - shown.length)} are left`;
  }

  #sort(pools) {
    const by = this.find('sort').value;
    const reading = this.bounded.is_read || this.others.is_read;
    if (performance.now() - this.sorted_at > order_holds_ms && !(reading && this.sorted_at > 0)) {
      const up = by === 'id' || by === 'hit_ratio';
      const value = (p) => by === 'id' ? p.id : (p.bounded || p)[by] ?? 0;  // the two kinds are not mixed
      const compare = by === 'name' ? (a, b) => a.name.localeCompare(b.name) : (a, b) => up ? value(a) - value(b) : value(b) - value(a);
      this.rank = new Map([...pools].sort((a, b) => compare(a, b) || a.id - b.id).map((p, i) => [p.id, i]));
      this.sorted_at = performance.now();
    }
    const place = (p) => this.rank.get(p.id) ?? Infinity;  // new ones come last until the next time
    return [...pools].sort((a, b) => place(a) - place(b) || a.id - b.id);
  }
}
