// Charts over time, drawn as SVG. Colours come from the style sheet, by the name of the series.

const spans = [[60000, 'last minute', [1, .75, .5, .25, 0]], [120000, 'last 2 minutes', [2, 1.5, 1, .5, 0]],
               [180000, 'last 3 minutes', [3, 2, 1, 0]], [300000, 'last 5 minutes', [5, 4, 3, 2, 1, 0]]];
let [span_ms, span_name, span_ticks] = spans[0];

// The shortest that shows all there is: a chart that is mostly empty says little.
function fit_span(samples, now) {
  const age = samples.length === 0 ? 0 : now - samples[0].at;
  [span_ms, span_name, span_ticks] = spans.find(([ms]) => age <= ms) || spans.at(-1);
}

// Those of them that the charts show.
const recent = (samples, now) => samples.filter((s) => now - s.at <= span_ms);

const gap_ms = 3500;  // without a sample for longer than this nobody knows what was

function svg(name, attributes = {}, text = '') {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'class') element.className = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// The next round number that is not smaller.
function ceiling(value, binary) {
  if (value <= 0) return binary ? 1024 : 1;
  if (binary) return 2 ** Math.ceil(Math.log2(Math.max(value, 4)));
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 4, 6, 8, 10]) if (step * power >= value) return step * power;
  return 10 * power;
}

function runs(samples) {
  const result = [];
  samples.forEach((s, i) => {
    if (i === 0 || s.at - samples[i - 1].at > gap_ms) result.push([]);
    result.at(-1).push(i);
  });
  return result;
}

// A filled shape between two lines of points; as steps, because a rate holds for the second before it.
function shape(samples, x, top, bottom, steps) {
  let d = '';
  for (const run of runs(samples)) {
    if (run.length === 1) continue;
    const line = (heights) => run.flatMap((i, n) => {
      const end = [x(samples[i].at), heights[i]];
      return steps && n > 0 ? [[x(samples[run[n - 1]].at), heights[i]], end] : [end];
    });
    const points = [...line(top), ...line(bottom).reverse()];
    d += 'M' + points.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join('L') + 'Z';
  }
  return d;
}

// Bands where memory was short, and triangles at the foot for the seconds in which something happened: what the
// second kind is takes the place of the first.
const marks_of_cycles = ['cycles', 'abandoned'];
const marks_of_waits = ['waited', 'failed'];
function marks(samples, x, foot, height, [first, second]) {
  const d = {level1: '', level2: '', [first]: '', [second]: ''};
  // Narrow where there are many, so that they stay apart.
  const marked = samples.filter((s) => s[first] > 0 || s[second] > 0).length;
  const half = Math.min(3, Math.max(.6, (x(span_ms) - x(0)) / 5 / marked));
  samples.forEach((s, i) => {
    const px = x(s.at);
    const next = i + 1 < samples.length && samples[i + 1].at - s.at <= gap_ms ? x(samples[i + 1].at) : px + 2;
    if (s.level > 0) d['level' + s.level] += `M${px.toFixed(1)} 0H${next.toFixed(1)}V${height}H${px.toFixed(1)}Z`;
    for (const kind of [first, second]) {
      if (s[kind] > 0) d[kind] += `M${(px - half).toFixed(1)} ${foot + 6}h${2 * half}l${-half} -6Z`;
    }
  });
  return d;
}

class Chart {
  // series: fields of samples. As a level, of what is there, or as rates per second; stacked, or one behind the
  // other. `limit` is a field that is drawn as a line.
  constructor(title, series, {level = false, binary = false, overlaid = false, limit = null, format = null, marked = marks_of_cycles} = {}) {
    this.series = series;
    this.level = level;
    this.format = format || (binary ? bytes : level ? short : (v) => short(v) + '/s');
    this.binary = binary;
    this.overlaid = overlaid;
    this.limit = limit;
    this.marked = marked;
    this.when = html('span', {class: 'quiet'});
    this.svg = svg('svg', {tabindex: '0', role: 'img'});
    this.title = title;
    this.legend = html('div', {class: 'legend'});
    this.element = html('div', {class: 'chart'}, html('h3', {}, title, this.when), this.svg, this.legend);
    this.samples = [];
    this.now = 0;
    this.at = null;  // the time that the reader points to
    this.svg.addEventListener('pointermove', (e) => this.#point(e.clientX - this.svg.getBoundingClientRect().left));
    this.svg.addEventListener('pointerleave', () => this.#point(null));
    this.svg.addEventListener('blur', () => this.#point(null));
    this.svg.addEventListener('keydown', (e) => {
      const step = {ArrowLeft: -1, ArrowRight: 1}[e.key];
      if (!step || this.samples.length === 0) return;
      const current = this.at === null ? this.samples.length - 1 : this.#nearest(this.at);
      this.at = this.samples[Math.min(this.samples.length - 1, Math.max(0, current + step))].at;
      this.draw();
      e.preventDefault();
    });
  }

  update(samples, now) {
    this.samples = samples;
    this.now = now;
    this.draw();
  }

  value(sample, field) { return this.level ? sample[field] : sample[field] / sample.seconds; }

  #x(width) {
    const left = 58, right = width - 8;
    return (at) => right - (this.now - at) / span_ms * (right - left);
  }

  #point(px) {
    const width = this.svg.clientWidth;
    this.at = px === null || px < 50 ? null : this.now - (width - 8 - px) / (width - 66) * span_ms;
    this.draw();
  }

  #nearest(at) {
    let best = 0;
    this.samples.forEach((s, i) => {
      if (Math.abs(s.at - at) < Math.abs(this.samples[best].at - at)) best = i;
    });
    return best;
  }

  draw() {
    const width = this.svg.clientWidth, height = this.svg.clientHeight;
    if (width === 0) return;
    const samples = recent(this.samples, this.now);
    const foot = height - 26;  // below: marks, then times
    const x = this.#x(width);
    const shown = this.level ? this.series : this.series.filter((f) => samples.some((s) => s[f] > 0));
    const add = this.overlaid ? Math.max : (a, b) => a + b;
    const sums = samples.map((s) => shown.reduce((sum, f) => add(sum, this.value(s, f)), 0));
    const limits = this.limit === null ? [] : samples.map((s) => s[this.limit]);
    const top = ceiling(Math.max(0, ...sums, ...limits), this.binary);
    const y = (value) => foot - value / top * (foot - 8);

    const parts = [];
    const band = marks(samples, x, foot, foot, this.marked);
    for (const level of ['level1', 'level2']) parts.push(svg('path', {class: level, d: band[level]}));
    for (const share of [0, 0.5, 1]) {
      parts.push(svg('path', {class: 'grid', d: `M58 ${Math.round(y(top * share)) + .5}H${width - 8}`}));
      parts.push(svg('text', {class: 'y', x: 52, y: y(top * share) + 4}, share === 0 ? '0' : this.format(top * share)));
    }
    const ticks = span_ticks.filter((_, i) => i > 0 && (width > 300 || (span_ticks.length - 1 - i) % 2 === 0));
    for (const minutes of ticks) {
      const attributes = {x: x(this.now - minutes * 60000), y: height - 4};
      attributes['text-anchor'] = minutes === 0 ? 'end' : 'middle';
      parts.push(svg('text', attributes, minutes === 0 ? 'now' : minutes < 1 ? `−${minutes * 60} s` : `−${minutes} min`));
    }
    const is_line = this.overlaid || (this.level && this.series.length === 1);
    let bottoms = samples.map(() => y(0));
    let sum = samples.map(() => 0);
    for (const field of shown) {
      sum = sum.map((v, i) => (this.overlaid ? 0 : v) + this.value(samples[i], field));
      const tops = sum.map(y);
      const d = shape(samples, x, tops, bottoms, !this.level);
      parts.push(svg('path', {class: `${is_line ? 'level' : 'series'} ${field}`, d}));
      if (!this.overlaid) bottoms = tops;
    }
    const line = limits.map(y);
    if (this.limit !== null) parts.push(svg('path', {class: 'limit', d: shape(samples, x, line, line, true)}));
    for (const kind of this.marked) parts.push(svg('path', {class: kind, d: band[kind]}));

    const index = this.at === null || samples.length === 0 ? this.samples.length - 1 : this.#nearest(this.at);
    const sample = this.samples[index];
    if (this.at !== null && sample) {
      const px = x(sample.at);
      parts.push(svg('path', {class: 'cursor', d: `M${px} 0V${foot}`}));
    }
    this.when.textContent = this.at === null || !sample ? '' : new Date(sample.at).toLocaleTimeString('en-GB');
    this.svg.replaceChildren(...parts);
    this.#describe(sample, shown);
  }

  #describe(sample, shown) {
    const named = this.limit === null ? shown : [...shown, this.limit];
    const entries = named.map((field) => {
      const value = sample ? this.format(this.value(sample, field)) : '–';
      return html('span', {}, html('i', {class: field}), labels[field], html('b', {'data-series': field}, value));
    });
    this.legend.replaceChildren(...(entries.length > 0 ? entries : [html('span', {}, 'none in the ' + span_name)]));
    const spoken = named.map((f) => `${labels[f]} ${sample ? this.format(this.value(sample, f)) : 'unknown'}`);
    this.svg.setAttribute('aria-label', `${this.title}, ${span_name}: ${spoken.join(', ') || 'nothing'}`);
  }
}

const three_charts = () => [
  new Chart('Idle memory', ['idle_bytes'], {level: true, binary: true}),
  new Chart('Gets answered by', sources),
  new Chart('Dropped, by reason', reasons),
];

// The small one in a row: idle objects, and when cycles ran.
function draw_spark(element, samples, now) {
  const width = element.clientWidth || 180, height = 36;
  const shown = recent(samples, now);
  const x = (at) => width - (now - at) / span_ms * width;
  const top = Math.max(1, ...shown.map((s) => s.idle));
  const tops = shown.map((s) => 28 - s.idle / top * 25);
  const band = marks(shown, x, 30, 28, marks_of_cycles);
  const d = shape(shown, x, tops, shown.map(() => 28), false);
  element.setAttribute('viewBox', `0 0 ${width} ${height}`);
  element.replaceChildren(svg('path', {class: 'level1', d: band.level1}), svg('path', {class: 'level2', d: band.level2}),
                          svg('path', {class: 'level idle', d}), svg('path', {class: 'cycles', d: band.cycles}),
                          svg('path', {class: 'abandoned', d: band.abandoned}));
}

const bounded_charts = () => {
  const options = {marked: marks_of_waits};
  return [
    new Chart('Places taken', ['in_use', 'opening', 'closing', 'idle'], {...options, level: true, limit: 'capacity'}),
    new Chart('Callers that wait', ['waiters'], {...options, level: true}),
    new Chart('Waits, at most', ['p99', 'p50'], {...options, level: true, overlaid: true, format: microseconds}),
    new Chart('acquire(), by outcome', outcomes, options),
    new Chart('Opened', ['opened', 'failed_to_open'], options),
    new Chart('Closed, by reason', [...closings, 'detached'], options),
  ];
};

// The small one in a bounded pool's row: what callers have, and above it what they want.
function draw_bounded_spark(element, samples, now) {
  const width = element.clientWidth || 180, height = 36;
  const shown = recent(samples, now);
  const x = (at) => width - (now - at) / span_ms * width;
  const top = Math.max(1, ...shown.map((s) => Math.max(s.capacity, s.in_use + s.waiters)));
  const y = (value) => 28 - value / top * 25;
  const band = marks(shown, x, 30, 28, marks_of_waits);
  const used = shown.map((s) => y(s.in_use)), wanted = shown.map((s) => y(s.in_use + s.waiters));
  const limit = shown.map((s) => y(s.capacity));
  element.setAttribute('viewBox', `0 0 ${width} ${height}`);
  element.replaceChildren(svg('path', {class: 'series waiters', d: shape(shown, x, wanted, used, false)}),
                          svg('path', {class: 'level in_use', d: shape(shown, x, used, shown.map(() => 28), false)}),
                          svg('path', {class: 'limit', d: shape(shown, x, limit, limit, true)}),
                          svg('path', {class: 'waited', d: band.waited}), svg('path', {class: 'failed', d: band.failed}));
}
