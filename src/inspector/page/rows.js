// A row of a list of pools, which opens into charts and every number; and such a list.

// Names are others': they only ever become text, never markup.
class Row {
  constructor(pool) {
    this.id = pool.id;
    const title = html('span', {class: 'title' + (pool.name === '' ? ' unnamed' : '')}, pool.name || 'no name, #' + pool.id);
    const type = html('span', {class: 'type'}, pool.type);
    title.title = pool.name.slice(0, 300);
    type.title = pool.type.slice(0, 300);
    this.button = html('button', {type: 'button', class: 'name', 'aria-expanded': 'false'}, html('span', {}, title, type));
    this.spark = svg('svg', {class: 'spark', 'aria-hidden': 'true', preserveAspectRatio: 'none'});
    this.unknown = html('small', {}, 'no history');
    this.row = html('div', {class: 'row'}, html('div', {class: 'cell who'}, this.button), ...this.cells());
    this.element = html('li', {class: 'pool'}, this.row);
    this.element.dataset.id = pool.id;
    this.detail = null;
    this.button.addEventListener('click', () => this.toggle());
  }

  // Of those who derive from this: cells() makes what is right of the name, charts() what an open row has, fields()
  // the names and labels of its numbers; show() writes, draw() draws the small chart, text_of() writes a number.

  actions() { return []; }

  cell(label, extra, ...children) {
    return html('div', {class: 'cell ' + extra}, html('span', {class: 'label'}, label), ...children);
  }

  toggle() {
    const open = this.detail === null;
    this.button.setAttribute('aria-expanded', String(open));
    if (open) {
      this.drawn = this.charts();
      this.values = new Map(this.fields().map(([field]) => [field, html('dd', {'data-field': field})]));
      const list = this.fields().map(([field, label]) => html('div', {}, html('dt', {}, label), this.values.get(field)));
      this.past = html('div', {class: 'charts'}, ...this.drawn.map((c) => c.element));
      this.no_past = html('p', {class: 'empty'});
      this.detail = html('div', {class: 'detail'}, html('p', {class: 'full'}, (this.pool.name || 'no name') + ' · ' + this.pool.type + ' · #' + this.id),
                         ...this.actions(), this.past, this.no_past, html('dl', {class: 'fields'}, ...list));
      this.element.append(this.detail);
      this.update(this.pool, this.samples, this.now, this.most_pools);
    } else {
      this.detail.remove();
      this.detail = null;
    }
  }

  update(pool, samples, now, most_pools) {
    Object.assign(this, {pool, samples, now, most_pools});
    this.show(pool, samples);
    this.spark.toggleAttribute('hidden', !samples);
    this.unknown.hidden = Boolean(samples);
    if (samples) this.draw(samples, now);
    if (this.detail !== null) this.show_detail(pool, samples, now);
  }

  show_detail(pool, samples, now) {
    for (const [field, element] of this.values) element.textContent = this.text_of(pool, field);
    this.past.hidden = !samples;
    this.no_past.hidden = Boolean(samples);
    if (samples) for (const chart of this.drawn) chart.update(samples, now);
    else this.no_past.textContent = `No history: it is kept for ${count(this.most_pools)} pools at a time.`;
  }
}

class Rows {
  constructor(list, make) {
    this.list = list;
    this.make = make;
    this.rows = new Map();
  }

  show(pools, model, now) {
    const kept = new Set(pools.map((p) => p.id));
    for (const [id, row] of this.rows) {
      if (kept.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    pools.forEach((pool, i) => {
      let row = this.rows.get(pool.id);
      if (!row) this.rows.set(pool.id, row = this.make(pool));
      // Moving an element takes the focus from it, so only what is out of place is moved.
      if (this.list.children[i] !== row.element) this.list.insertBefore(row.element, this.list.children[i] || null);
      row.update(pool, model.byPool.get(pool.id), now, model.answer.history.most_pools);
    });
  }

  get is_read() { return this.list.contains(document.activeElement) || this.list.matches(':hover'); }
}
