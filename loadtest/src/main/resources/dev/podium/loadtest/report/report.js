'use strict';
(() => {
  const runs = JSON.parse(document.getElementById('data').textContent);
  const two = runs.length > 1;
  const runColors = ['var(--a)', 'var(--b)'];
  const runNames = ['A', 'B'];
  const W = 560, H = 270, L = 54, R = 14, T = 10, B = 40;

  const esc = s => String(s).replace(/[&<>"']/g, c => '&#' + c.charCodeAt(0) + ';');
  const num = (v, digits = 3) => {
    if (v === null || v === undefined || !isFinite(v)) return '–';
    const a = Math.abs(v);
    if (a >= 1000) return Math.round(v).toLocaleString('en-US');
    return String(+v.toPrecision(digits));
  };
  const ms = v => num(v) + ' ms';
  const sum = (list, f) => list.reduce((t, x) => t + f(x), 0);
  const html = (id, text) => { document.getElementById(id).innerHTML = text; };

  // ---- scales -------------------------------------------------------------------------------------------------
  function linear(min, max, from, to) {
    const span = max - min || 1;
    const step = 10 ** Math.floor(Math.log10(span / 4));
    const by = [1, 2, 2.5, 5, 10].map(f => f * step).find(s => span / s <= 6) || step * 10;
    const ticks = [];
    for (let i = Math.ceil(min / by - 1e-9); i * by <= max + by * 1e-6; i++) ticks.push(i * by);
    const scale = v => from + (v - min) / span * (to - from);
    return Object.assign(scale, { ticks, label: v => num(v) });
  }
  function log(min, max, from, to) {
    const lo = Math.log(min), hi = Math.log(Math.max(max, min * 1.0001));
    let ticks = [];
    for (let e = Math.floor(Math.log10(min)); e <= Math.ceil(Math.log10(max)); e++) {
      for (const m of [1, 2, 5]) {
        const v = m * 10 ** e;
        if (v >= min * 0.999 && v <= max * 1.001) ticks.push(v);
      }
    }
    if (ticks.length > 8) ticks = ticks.filter(v => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9);
    const scale = v => from + (Math.log(Math.max(v, min)) - lo) / (hi - lo) * (to - from);
    return Object.assign(scale, { ticks, label: v => num(v) });
  }
  // Shares of requests on the axis that HdrHistogram's plots use: equal space for each further nine.
  function nines(most, from, to) {
    const hi = Math.log10(1 / (1 - most));
    const ticks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999].filter(q => q <= most);
    const scale = q => from + Math.log10(1 / (1 - Math.min(q, most))) / hi * (to - from);
    return Object.assign(scale, { ticks, label: q => +(q * 100).toPrecision(7) + ' %' });
  }

  // ---- charts -------------------------------------------------------------------------------------------------
  const charts = document.getElementById('charts');
  let drawn = 0;
  function chart(title, legend, x, y, xTitle, body, tip) {
    const figure = document.createElement('figure');
    const keys = legend.map(([name, color]) =>
      `<span><i class="key" style="background:${color}"></i>${esc(name)}</span>`).join('');
    let svg = '';
    for (const t of y.ticks) {
      svg += `<line class="gridline" x1="${L}" x2="${W - R}" y1="${y(t)}" y2="${y(t)}"/>` +
        `<text x="${L - 8}" y="${y(t) + 4}" text-anchor="end">${y.label(t)}</text>`;
    }
    for (const t of x.ticks) {
      svg += `<line class="axis" x1="${x(t)}" x2="${x(t)}" y1="${H - B}" y2="${H - B + 4}"/>` +
        `<text x="${x(t)}" y="${H - B + 17}" text-anchor="middle">${x.label(t)}</text>`;
    }
    svg += `<line class="axis" x1="${L}" x2="${W - R}" y1="${H - B}" y2="${H - B}"/>` +
      `<text x="${(L + W - R) / 2}" y="${H - 4}" text-anchor="middle">${esc(xTitle)}</text>`;
    figure.innerHTML = `<figcaption><h2>${esc(title)}</h2><div class="legend">${keys}</div></figcaption>` +
      `<svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${esc(title)}">${svg}${body}` +
      `<line class="cross" y1="${T}" y2="${H - B}"/></svg><div class="tip"></div>`;
    charts.append(figure);
    drawn++;
    if (tip) hover(figure, x, tip);
  }
  // Shows the values nearest to the pointer.
  function hover(figure, x, points) {
    const svg = figure.querySelector('svg'), cross = figure.querySelector('.cross'), tip = figure.querySelector('.tip');
    svg.addEventListener('pointermove', event => {
      const box = svg.getBoundingClientRect();
      const at = (event.clientX - box.left) / box.width * W;
      let best = null;
      for (const p of points) if (!best || Math.abs(x(p.x) - at) < Math.abs(x(best.x) - at)) best = p;
      if (!best) return;
      cross.setAttribute('x1', x(best.x));
      cross.setAttribute('x2', x(best.x));
      tip.textContent = best.text;
      const left = x(best.x) / W * box.width + svg.offsetLeft;
      tip.style.left = (left > box.width * 0.6 ? left - tip.offsetWidth - 12 : left + 12) + 'px';
      tip.style.top = svg.offsetTop + 16 + 'px';
      cross.style.visibility = tip.style.visibility = 'visible';
    });
    svg.addEventListener('pointerleave', () => { cross.style.visibility = tip.style.visibility = 'hidden'; });
  }
  function line(points, x, y, color, extra = '') {
    let path = '', pen = false;
    for (const [px, py] of points) {
      if (py === null || py === undefined || !isFinite(py)) { pen = false; continue; }
      path += (pen ? 'L' : 'M') + x(px).toFixed(1) + ' ' + y(py).toFixed(1);
      pen = true;
    }
    return `<path class="plot" d="${path}" style="stroke:${color}" ${extra}/>`;
  }
  const dots = (points, x, y, color) => points.filter(p => isFinite(p[1]) && p[1] !== null).map(p =>
    `<circle cx="${x(p[0]).toFixed(1)}" cy="${y(p[1]).toFixed(1)}" r="3.2" style="fill:${color}"/>`).join('');
  const none = 'not enough data';

  const stepsOf = run => run.steps.filter(s => s.latency_ms);
  // The step whose percentiles stand for the run: the last, or the rate that a search found.
  const chosen = run => {
    const steps = stepsOf(run);
    const found = run.search && steps.filter(s => Math.abs(s.rate - run.search.found_rate) < 1e-6);
    return found && found.length ? found[found.length - 1] : steps[steps.length - 1];
  };

  function latencyByPercentile() {
    const series = [];
    runs.forEach((run, r) => {
      const shown = two || run.search ? [chosen(run)].filter(Boolean) : stepsOf(run);
      shown.forEach((step, i) => series.push({
        name: (two ? runNames[r] + ', ' : '') + num(step.rate) + '/s',
        color: two ? runColors[r] : shown.length === 1 ? 'var(--a)' : `hsl(${215 + 130 * i / Math.max(1, shown.length - 1)} 70% 58%)`,
        points: step.percentiles, count: step.ok,
      }));
    });
    if (!series.length) return;
    const count = Math.max(...series.map(s => s.count));
    const most = Math.max(0.99, 1 - 1 / Math.max(2, count));
    const all = series.flatMap(s => s.points.map(p => p[1]));
    const x = nines(most, L, W - R), y = log(Math.max(1e-3, Math.min(...all)), Math.max(...all) * 1.1, H - B, T);
    chart('Latency by percentile (ms)', series.map(s => [s.name, s.color]), x, y, 'share of answered requests',
      series.map(s => line(s.points, x, y, s.color)).join(''),
      series[0].points.map(p => ({ x: p[0], text: series.map(s => {
        const q = s.points.find(o => o[0] >= p[0]) || s.points[s.points.length - 1];
        return `${s.name}  ${+(p[0] * 100).toPrecision(5)} %  ${ms(q[1])}`;
      }).join('\n') })));
  }

  const slicesOf = run => run.steps.flatMap((s, i) => s.slices.map(slice => ({ ...slice, step: i, rate: s.rate })));
  // A search's runs all begin at 0: set them end to end.
  const placed = run => {
    if (!run.search) return slicesOf(run);
    let offset = 0;
    return run.steps.flatMap(s => {
      const start = s.slices.length ? s.slices[0].t_s : 0;
      const list = s.slices.map(slice => ({ ...slice, t_s: slice.t_s - start + offset, rate: s.rate }));
      offset += s.duration_s;
      return list;
    });
  };

  function latencyOverTime() {
    const perRun = runs.map(placed);
    const all = perRun.flat().filter(s => s.p50_ms !== null);
    if (!all.length) return;
    const keys = two ? [['p50_ms', 'p50'], ['p99_ms', 'p99']] : [['max_ms', 'max'], ['p99_ms', 'p99'], ['p90_ms', 'p90'], ['p50_ms', 'p50']];
    const values = all.flatMap(s => keys.map(k => s[k[0]]));
    const end = Math.max(...perRun.flat().map(s => s.t_s + s.length_s));
    const x = linear(Math.min(...perRun.flat().map(s => s.t_s)), end, L, W - R);
    const y = log(Math.max(1e-3, Math.min(...values) * 0.9), Math.max(...values) * 1.1, H - B, T);
    let body = '', legend = [];
    perRun.forEach((slices, r) => keys.forEach(([key, name]) => {
      const color = two ? runColors[r] : `var(--${name})`;
      legend.push([(two ? runNames[r] + ' ' : '') + name, color]);
      const extra = two && name === 'p50' ? 'stroke-dasharray="2 4"' : '';
      body += line(slices.map(s => [s.t_s + s.length_s / 2, s[key]]), x, y, color, extra);
    }));
    const tips = perRun.flatMap((slices, r) => slices.map(s => ({ x: s.t_s + s.length_s / 2,
      text: `${two ? runNames[r] + '  ' : ''}${num(s.t_s)} s\np50 ${ms(s.p50_ms)}\np99 ${ms(s.p99_ms)}\nmax ${ms(s.max_ms)}` })));
    chart('Latency over time (ms)', legend, x, y, 'seconds, by planned send time', body, tips);
  }

  function throughputOverTime() {
    const perRun = runs.map(placed);
    const all = perRun.flat();
    if (!all.length) return;
    const x = linear(Math.min(...all.map(s => s.t_s)), Math.max(...all.map(s => s.t_s + s.length_s)), L, W - R);
    const y = linear(0, Math.max(...all.map(s => s.planned / s.length_s)) * 1.08, H - B, T);
    let body = '', legend = [];
    perRun.forEach((slices, r) => {
      const name = two ? runNames[r] + ' ' : '', color = two ? runColors[r] : 'var(--a)';
      body += line(slices.map(s => [s.t_s + s.length_s / 2, s.planned / s.length_s]), x, y, two ? color : 'var(--max)', 'stroke-dasharray="2 4"');
      body += line(slices.map(s => [s.t_s + s.length_s / 2, s.ok / s.length_s]), x, y, color);
      legend.push([name + 'due', two ? color : 'var(--max)'], [name + 'answered', color]);
      if (slices.some(s => s.failed)) {
        body += line(slices.map(s => [s.t_s + s.length_s / 2, s.failed / s.length_s]), x, y, 'var(--bad)', r ? 'stroke-dasharray="6 3"' : '');
        legend.push([name + 'failed', 'var(--bad)']);
      }
    });
    chart('Throughput over time (requests/s)', legend, x, y, 'seconds, by planned send time', body,
      perRun.flatMap((slices, r) => slices.map(s => ({ x: s.t_s + s.length_s / 2, text:
        `${two ? runNames[r] + '  ' : ''}${num(s.t_s)} s\ndue ${num(s.planned / s.length_s)}/s\nanswered ${num(s.ok / s.length_s)}/s\nfailed ${num(s.failed / s.length_s)}/s` }))));
  }

  function heatMap(run, r) {
    const slices = placed(run).filter(s => s.heat.length);
    if (!slices.length) return;
    const low = Math.min(...slices.map(s => s.heat[0][0])), high = Math.max(...slices.map(s => s.heat[s.heat.length - 1][0])) + 1;
    const most = Math.max(...slices.flatMap(s => s.heat.map(h => h[1] / s.length_s)));
    const x = linear(Math.min(...slices.map(s => s.t_s)), Math.max(...slices.map(s => s.t_s + s.length_s)), L, W - R);
    const y = log(2 ** (low / 4) / 1000, 2 ** (high / 4) / 1000, H - B, T);
    let body = '';
    for (const s of slices) {
      const x0 = x(s.t_s), width = Math.max(0.5, x(s.t_s + s.length_s) - x0 + 0.3);
      for (const [bucket, count] of s.heat) {
        const top = y(2 ** ((bucket + 1) / 4) / 1000), bottom = y(2 ** (bucket / 4) / 1000);
        const shade = (0.08 + 0.92 * Math.sqrt(count / s.length_s / most)).toFixed(3);
        body += `<rect x="${x0.toFixed(1)}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${(bottom - top + 0.3).toFixed(1)}" style="fill:rgba(var(--heat),${shade})"/>`;
      }
    }
    chart((two ? runNames[r] + ': ' : '') + 'Heat map of latency (ms)', [['stronger: more requests', 'rgb(var(--heat))']], x, y,
      'seconds, by planned send time', body);
  }

  function latencyAgainstLoad() {
    const perRun = runs.map(run => stepsOf(run).slice().sort((a, b) => a.rate - b.rate));
    const all = perRun.flat();
    if (!all.length) return;
    const values = all.flatMap(s => [s.latency_ms.p50, s.latency_ms.p99]);
    const x = linear(0, Math.max(...all.map(s => s.rate)) * 1.06, L, W - R);
    const y = log(Math.max(1e-3, Math.min(...values) * 0.8), Math.max(...values) * 1.25, H - B, T);
    let body = '', legend = [];
    perRun.forEach((steps, r) => {
      for (const [key, color, extra] of two
        ? [['p50', runColors[r], 'stroke-dasharray="2 4"'], ['p99', runColors[r], '']]
        : [['p50', 'var(--p50)', ''], ['p99', 'var(--p99)', '']]) {
        const points = steps.map(s => [s.rate, s.latency_ms[key]]);
        const joined = [...new Set(points.map(p => p[0]))].map(rate => {
          const at = points.filter(p => p[0] === rate).map(p => p[1]).sort((a, b) => a - b);
          return [rate, at[Math.floor((at.length - 1) / 2)]];
        });
        body += line(joined, x, y, color, extra) + dots(points, x, y, color);
        legend.push([(two ? runNames[r] + ' ' : '') + key, color]);
      }
      if (runs[r].search && runs[r].search.found_rate > 0) {
        const at = x(runs[r].search.found_rate);
        body += `<line class="axis" style="stroke:${two ? runColors[r] : 'var(--a)'}" x1="${at}" x2="${at}" y1="${T}" y2="${H - B}" stroke-dasharray="5 4"/>`;
        legend.push([(two ? runNames[r] + ' ' : '') + 'found', two ? runColors[r] : 'var(--a)']);
      }
    });
    chart('Latency against load (ms)', legend, x, y, 'offered requests/s', body,
      perRun.flatMap((steps, r) => steps.map(s => ({ x: s.rate,
        text: `${two ? runNames[r] + '  ' : ''}${num(s.rate)}/s\np50 ${ms(s.latency_ms.p50)}\np99 ${ms(s.latency_ms.p99)}\nfailed ${s.failed}` }))));
  }

  // ---- words and tables ----------------------------------------------------------------------------------------
  function head() {
    html('head', `<h1>${two ? 'Two load tests' : 'Load test of ' + esc(runs[0].model)}</h1>` + runs.map((run, r) =>
      `<p>${two ? `<i class="key" style="background:${runColors[r]}"></i><b>${runNames[r]}</b> ${esc(run.model)}, ` : ''}` +
      `${esc(run.protocol)} to ${esc(run.target)}, ${esc(run.started)}<br>` +
      Object.entries(run.workload).filter(e => e[1] !== null).map(e => esc(e[0].replace('_', ' ')) + ' ' + esc(typeof e[1] === 'object' ? JSON.stringify(e[1]) : e[1])).join(' · ') +
      `<br>${esc(run.machine.cpu)}, ${esc(run.machine.cores)} cores, Java ${esc(run.machine.java)}</p>`).join(''));
    document.title = two ? 'Podium load tests compared' : 'Podium load test: ' + runs[0].model;
    html('notes', runs.map((run, r) => {
      const who = two ? runNames[r] + ': ' : '';
      let text = '';
      if (run.partial) text += `<div class="note">${who}Partial result: ${esc(run.partial)}</div>`;
      if (run.voided) text += `<div class="note">${who}Void: ${esc(run.voided)}</div>`;
      for (const a of run.assertions.filter(a => !a.held)) text += `<div class="note">${who}Failed at ${num(a.rate)}/s: ${esc(a.line)}</div>`;
      return text;
    }).join(''));
  }
  function tiles() {
    html('tiles', runs.map((run, r) => {
      const s = chosen(run), who = two ? runNames[r] + ' · ' : '';
      const failed = sum(run.steps, x => x.failed), all = sum(run.steps, x => x.started);
      const cells = [];
      if (run.search) cells.push(['highest rate, ' + run.search.slo, num(run.search.found_rate, 4), run.search.confirmed ? '/s' : '/s, unconfirmed']);
      if (s) cells.push(['answered', num(s.ok_per_s, 4), '/s'], ['p50', num(s.latency_ms.p50), 'ms'], ['p99', num(s.latency_ms.p99), 'ms'],
        ['p99.9', num(s.latency_ms.p99_9), 'ms'], ['candidates', num(s.candidates_per_s, 4), '/s']);
      cells.push(['failed', num(all ? failed / all * 100 : 0), '% of ' + all.toLocaleString('en-US')]);
      return '<div class="tiles">' + cells.map(c => `<div class="tile"><span>${esc(who + c[0])}</span><b>${c[1]} <small>${esc(c[2])}</small></b></div>`).join('') + '</div>';
    }).join(''));
  }
  function tables() {
    const rows = runs.flatMap((run, r) => run.steps.map(s => {
      const l = s.latency_ms || {};
      return `<tr><td>${two ? runNames[r] + ' ' : ''}${num(s.rate, 4)}/s</td><td>${num(s.ok_per_s, 4)}</td><td>${s.started}</td><td class="${s.failed ? 'bad' : ''}">${s.failed}</td>` +
        ['mean', 'p50', 'p90', 'p95', 'p99', 'p99_9', 'max'].map(k => `<td>${num(l[k])}</td>`).join('') + `<td>${num(s.lag_p99_ms)}</td><td class="text">${s.voided ? 'void' : ''}</td></tr>`;
    })).join('');
    let text = '<div class="table"><h2>Steps</h2><table><tr><th>planned</th><th>answered/s</th><th>requests</th><th>failed</th>' +
      ['mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'].map(k => `<th>${k} ms</th>`).join('') + `<th>sent late, p99 ms</th><th class="text"></th></tr>${rows}</table></div>`;
    const failures = runs.flatMap((run, r) => run.steps.flatMap(s => Object.entries(s.failures).map(([status, f]) =>
      `<tr><td>${two ? runNames[r] + ' ' : ''}${num(s.rate, 4)}/s</td><td>${esc(status)}</td><td>${f.count}</td><td class="text">${esc(f.example || '')}</td></tr>`))).join('');
    if (failures) text += `<div class="table"><h2>Failures</h2><table><tr><th>planned</th><th>status</th><th>count</th><th class="text">the first said</th></tr>${failures}</table></div>`;
    text += runs.map((run, r) => `<div class="table"><h2>${two ? runNames[r] + ': ' : ''}The generator itself</h2><table><tr><th>CPU a request</th><th>sent late, p99</th><th>sent late, most</th><th>requests built</th><th>bytes each</th></tr>` +
      `<tr><td>${ms(run.generator.cpu_ms_per_request)}</td><td>${ms(run.generator.lag_p99_ms)}</td><td>${ms(run.generator.lag_max_ms)}</td><td>${run.generator.requests_built}</td><td>${num(run.generator.request_bytes)}</td></tr></table></div>`).join('');
    html('tables', text);
  }

  head();
  tiles();
  latencyByPercentile();
  latencyOverTime();
  throughputOverTime();
  runs.forEach(heatMap);
  latencyAgainstLoad();
  tables();
  if (!drawn) charts.innerHTML = `<figure>${none}</figure>`;
  document.body.dataset.charts = drawn;
})();
