// The row of a bounded pool: what its places are taken by, and who waits for one.

const bounded_fields = [
  ...levels.map((l) => [l, l === 'waiters' ? 'callers that wait' : labels[l]]),
  ...outcomes.map((o) => [o, o === 'acquired' ? 'acquired' : 'acquire(): ' + labels[o]]),
  ['acquired_after_waiting', 'granted after waiting'], ['opened', 'opened'], ['failed_to_open', 'failed to open'],
  ['detached', 'detached'], ['settings_changed', 'settings changed'], ...closings.map((c) => [c, 'closed: ' + labels[c]]), ['waited_us', 'waited, all together, µs'],
];

const at_most = (us) => us === Infinity ? '> ' + microseconds(end_of_bucket(wait_buckets - 2)) : '≤ ' + microseconds(us);

class BoundedRow extends Row {
  cells() {
    this.parts = ['in_use', 'opening', 'closing', 'idle'].map((part) => html('i', {class: part}));
    this.places = html('div', {class: 'places', 'aria-hidden': 'true'}, ...this.parts);
    this.used = html('span');
    this.rest = html('span', {class: 'quiet'});
    this.half = html('span');
    this.most = html('span');
    this.share = html('small');
    this.failed = html('span', {class: 'number failures'});
    this.why = html('small');
    this.waiting = html('span', {class: 'number waiting'});
    return [
      this.cell('In use, of its capacity', '', this.places, html('div', {class: 'two'}, this.used, this.rest)),
      this.cell('In use, over time', '', this.spark, this.unknown),
      this.cell('Waits', '', html('div', {class: 'two quantiles'}, this.half, this.most), this.share),
      this.cell('Failures', 'dropped', this.failed, this.why),
      this.cell('Waiting', 'right used', this.waiting)];
  }
  charts() { return bounded_charts(); }
  fields() { return bounded_fields; }
  text_of(pool, field) { return count(pool.bounded[field]); }
  draw(samples, now) { draw_bounded_spark(this.spark, samples, now); }

  show({bounded: b}, samples) {
    // After set_capacity() more may be open than there are places.
    const all = Math.max(b.capacity, b.in_use + b.opening + b.closing + b.idle, 1);
    for (const part of this.parts) part.style.width = b[part.className] / all * 100 + '%';
    this.used.textContent = `${count(b.in_use)} of ${count(b.capacity)}`;
    this.rest.textContent = ['idle', 'opening', 'closing'].filter((p) => b[p] > 0).map((p) => `${count(b[p])} ${labels[p]}`).join(', ');
    this.row.classList.toggle('exhausted', b.waiters > 0);
    this.waiting.textContent = count(b.waiters);
    this.#show_waits(b, samples);
    const failed = failures_of(b);
    const most = failures.reduce((x, y) => b[y] > b[x] ? y : x);
    this.failed.textContent = count(failed);
    this.failed.classList.toggle('now', Boolean(samples) && recent(samples, this.now).some((s) => s.failed > 0));
    this.why.textContent = failed === 0 ? '' : `${count(b[most])} ${labels[most]}`;
    this.failed.parentElement.title = failures.map((f) => `${labels[f]}: ${count(b[f])}`).join('\n');
  }

  // Of the time that the charts show; where nothing is known of it, from the beginning on.
  #show_waits(b, samples) {
    const shown = samples ? recent(samples, this.now) : [{...b, waited: sum_of(b.waits)}];
    const waits = Array.from({length: wait_buckets}, (_, i) => shown.reduce((sum, s) => sum + (s.waits[i] || 0), 0));
    const waited = sum_of(waits);
    this.half.textContent = waited === 0 ? 'nobody waited' : 'p50 ' + at_most(quantile(waits, .5));
    this.most.textContent = waited === 0 ? '' : 'p99 ' + at_most(quantile(waits, .99));
    const calls = shown.reduce((sum, s) => sum + sum_of(outcomes.map((o) => s[o])), 0);
    this.share.textContent = waited === 0 ? 'of ' + plural(calls, 'call') : `${count(waited)} of ${count(calls)} waited`;
    this.share.title = samples ? 'in the ' + span_name : 'since the pool was made';
  }

  show_detail(pool, samples, now) {
    super.show_detail(pool, samples, now);
    if (!this.histogram) this.histogram = html('div', {class: 'waits'});
    if (this.histogram.parentElement !== this.detail) this.detail.insertBefore(this.histogram, this.detail.lastChild);
    const waits = pool.bounded.waits;
    const first = waits.findIndex((n) => n > 0), top = Math.max(...waits);
    const rows = waits.slice(first).map((n, i) => {
      const bar = html('i');
      bar.style.width = n / top * 100 + '%';
      return html('div', {'data-bucket': first + i}, html('span', {}, at_most(end_of_bucket(first + i))), html('span', {class: 'track'}, bar), html('b', {}, count(n)));
    });
    this.histogram.replaceChildren(html('h3', {}, 'How long callers waited, since the pool was made'),
                                   ...(waits.length === 0 ? [html('p', {class: 'quiet'}, 'nobody has waited yet')] : rows));
  }
}
