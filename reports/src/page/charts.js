// Turns the drawings of the page into charts that can be pointed at. Nothing is fetched and nothing is evaluated: the
// specifications stand in the page, and Vega walks its expressions with an interpreter.
(() => {
  'use strict';
  const role = (name) => `var(--${name})`;
  const font = 'system-ui, "DejaVu Sans", sans-serif';
  const config = {
    background: null,
    axis: { labelColor: role('ink'), titleColor: role('ink'), gridColor: role('grid'), domainColor: role('quiet'),
            tickColor: role('quiet'), labelFont: font, titleFont: font, labelFontSize: 12, titleFontSize: 12,
            titleFontWeight: 400 },
    legend: { labelColor: role('ink'), labelFont: font, labelFontSize: 12, symbolStrokeColor: 'transparent' },
    style: { 'guide-label': { font }, 'guide-title': { font } },
    text: { font },
  };
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.setAttribute('role', 'status');
  tip.hidden = true;
  const point = (handler, event, item, value) => {
    tip.hidden = value === null || value === undefined || value === '';
    if (tip.hidden) return;
    tip.textContent = String(value);
    const room = document.documentElement.clientWidth - tip.offsetWidth - 12;
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, room))}px`;
    tip.style.top = `${event.clientY + 16}px`;
  };
  const upgrade = (figure) => {
    const holder = figure.querySelector('.chart');
    const drawing = figure.querySelector('.drawing');
    const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    holder.hidden = false;
    const width = () => Math.max(280, holder.clientWidth);
    spec.width = width();
    if (spec.legends && spec.width < 560) spec.legends[0].columns = 1;
    const view = new vega.View(vega.parse(spec, config, { ast: true }), {
      expr: vegaInterpreter.expressionInterpreter, renderer: 'svg', container: holder, hover: true,
      logLevel: vega.Error, tooltip: point,
    });
    return view.runAsync().then(() => {
      drawing.classList.add('replaced');
      figure.querySelector('.chart-title').hidden = false;
      figure.dataset.chart = 'ready';
      let waiting = 0;
      window.addEventListener('resize', () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => view.width(width()).runAsync(), 120);
      });
    }).catch((error) => { holder.hidden = true; throw error; });
  };
  document.addEventListener('DOMContentLoaded', () => {
    document.body.append(tip);
    const figures = [...document.querySelectorAll('figure[data-chart="drawn"]')];
    // One after the other, so that the page answers in between.
    figures.reduce((before, figure) => before.then(() => upgrade(figure)), Promise.resolve())
      .then(() => { document.documentElement.dataset.charts = 'ready'; });
  });
})();
