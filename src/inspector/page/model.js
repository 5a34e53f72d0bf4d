'use strict';
// What the page knows: the newest answer of pools.json, and the samples of the last five minutes.

const sources = ['own', 'depot', 'stolen', 'victim', 'missed'];
const reasons = ['aged', 'over_budget', 'pressure', 'drained', 'rejected', 'no_memory', 'at_random'];
const labels = {
  idle_bytes: 'idle memory', idle: 'idle', own: 'own', depot: 'depot', stolen: 'stolen', victim: 'victim',
  missed: 'missed', aged: 'aged', over_budget: 'over budget', pressure: 'pressure', drained: 'drained',
  rejected: 'rejected', no_memory: 'no memory', at_random: 'at random',
  capacity: 'capacity', in_use: 'in use', opening: 'opening', closing: 'closing', waiters: 'waiting',
  acquired: 'acquired', acquired_after_waiting: 'acquired after waiting', timed_out: 'timed out', cancelled: 'cancelled',
  refused: 'refused', opened: 'opened', failed_to_open: 'failed to open', detached: 'detached', settings_changed: 'settings changed', closed_broken: 'broken',
  closed_idle: 'idle', closed_lifetime: 'lifetime', closed_reset: 'reset', closed_surplus: 'surplus', closed_evicted: 'evicted', closed_closed: 'closed',
  p50: 'half of them', p99: '99 % of them',
};

// Of bounded pools.
const levels = ['capacity', 'in_use', 'idle', 'opening', 'closing', 'waiters'];
const outcomes = ['acquired', 'timed_out', 'cancelled', 'refused'];
const closings = ['closed_broken', 'closed_idle', 'closed_lifetime', 'closed_reset', 'closed_surplus', 'closed_evicted',
                  'closed_closed'];
const counts = [...outcomes, 'acquired_after_waiting', 'opened', 'failed_to_open', 'detached', 'settings_changed', ...closings];
const failures = ['timed_out', 'refused', 'failed_to_open', 'closed_broken'];
const failures_of = (numbers) => failures.reduce((sum, f) => sum + numbers[f], 0);

// Histograms of waits: bucket i ends at 2^i microseconds, and the 28th does not end.
const wait_buckets = 28;
const end_of_bucket = (i) => i + 1 < wait_buckets ? 2 ** i : Infinity;
const sum_of = (waits) => waits.reduce((sum, n) => sum + n, 0);

// What this share of them did not wait longer than, in microseconds; 0 when nobody waited.
function quantile(waits, share) {
  let left = sum_of(waits) * share;
  if (left === 0) return 0;
  return end_of_bucket(waits.findIndex((n) => n > 0 && (left -= n) <= 0));
}

const integer = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
const count = (n) => integer.format(n);
const plural = (n, one, many = one + 's') => count(n) + ' ' + (n === 1 ? one : many);

function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    ++unit;
  }
  return (unit === 0 || n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)) + ' ' + units[unit];
}

// For axes and rates: 950, 1.2 k, 34 M.
function short(n) {
  for (const [size, letter] of [[1e9, ' G'], [1e6, ' M'], [1e3, ' k']]) {
    if (n >= size) return (n / size >= 100 ? (n / size).toFixed(0) : +(n / size).toFixed(1)) + letter;
  }
  return String(n >= 10 || Number.isInteger(n) ? Math.round(n) : +n.toFixed(1));
}

function microseconds(us) {
  for (const [size, unit] of [[1e6, ' s'], [1e3, ' ms']]) if (us >= size) return +(us / size).toPrecision(3) + unit;
  return +us.toPrecision(3) + ' µs';
}

function percent(ratio) {
  if (ratio === 1) return '100 %';
  return Math.min(99.9, ratio * 100).toFixed(1) + ' %';  // 100 only when all of them hit
}

function duration(seconds) {
  const s = Math.round(seconds);
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min';
  if (s < 86400) return Math.floor(s / 3600) + ' h ' + Math.floor((s % 3600) / 60) + ' min';
  return Math.floor(s / 86400) + ' d ' + Math.floor((s % 86400) / 3600) + ' h';
}

class Model {
  answer = null;
  samples = [];        // of the process: {at, seconds, cycles, abandoned, level, idle_bytes, own, ...}
  byPool = new Map();  // id -> samples of that pool
  newest = 0;

  // False when another program answers: the page has to begin anew.
  take(answer) {
    const before = this.answer;
    const other = before !== null && (before.process.pid !== answer.process.pid ||
                                      before.process.inspected_ms > answer.process.inspected_ms);
    if (other) return false;
    const past = answer.history;
    if (past.since !== this.newest || past.since === 0) {
      this.samples = [];
      this.byPool.clear();
    }
    const fresh = past.unix_ms.map((at, i) => this.#sample(past, i, {
      at,
      seconds: this.#seconds(past, i),
      cycles: past.cycles[i],
      abandoned: past.abandoned[i],
      level: past.pressure_level[i],
    }));
    this.samples = this.samples.concat(fresh).slice(-past.length);
    const alive = new Map();
    for (const pool of answer.pools) {
      if (!pool.history) continue;
      const own = pool.history;
      const from = fresh.length - own.idle.length;
      const added = own.idle.map((_, i) => {
        const {at, seconds, cycles, abandoned, level} = fresh[from + i];
        return pool.bounded ? this.#bounded_sample(own, i, {at, seconds})
                            : this.#sample(own, i, {at, seconds, cycles, abandoned, level});
      });
      alive.set(pool.id, (this.byPool.get(pool.id) || []).concat(added).slice(-past.length));
    }
    this.byPool = alive;
    this.newest = past.newest;
    this.answer = answer;
    return true;
  }

  #seconds(past, i) {
    const previous = i > 0 ? past.unix_ms[i - 1] : this.samples.length > 0 ? this.samples.at(-1).at : 0;
    return Math.max(0.2, (past.unix_ms[i] - previous) / 1000);
  }

  #sample(columns, i, sample) {
    sample.idle = columns.idle[i];
    sample.idle_bytes = columns.idle_bytes[i];
    for (const field of [...sources, ...reasons]) sample[field] = columns[field][i];
    return sample;
  }

  #bounded_sample(columns, i, sample) {
    for (const field of [...levels, ...counts, 'waits']) sample[field] = columns[field][i];
    for (const [field, share] of [['p50', .5], ['p99', .99]]) {
      sample[field] = Math.min(quantile(sample.waits, share), 2 ** wait_buckets);  // a chart cannot show Infinity
    }
    sample.waited = sum_of(sample.waits);
    sample.failed = failures_of(sample);
    return sample;
  }
}
