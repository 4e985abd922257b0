// Shows the image at a point of a map, by mouse, touch and arrow keys, and marks the same image in the other map.
for (const maps of document.querySelectorAll('.maps')) {
  const { columns, pitch, size } = Object.fromEntries(Object.entries(maps.dataset).map(([name, value]) => [name, Number(value)]));
  const keys = [...maps.querySelectorAll('.key')], spot = maps.querySelector('.spot'), reach = 14;
  const chosen = document.head.appendChild(document.createElement('style'));
  const panels = [...maps.querySelectorAll('svg.map')].map(svg => {
    const circles = [...svg.querySelectorAll('circle')];
    const mark = svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'circle'));
    mark.setAttribute('class', 'mark');
    mark.setAttribute('r', '7');
    return {
      svg, mark,
      points: circles.map(circle => ({ x: circle.cx.baseVal.value, y: circle.cy.baseVal.value, label: Number(circle.getAttribute('class')?.slice(1) ?? -1) })),
      knn: (svg.dataset.knn ?? '').split(' ').map(Number),
    };
  });
  let shown = -1;

  const hide = () => {
    shown = -1;
    spot.hidden = true;
    panels.forEach(panel => panel.mark.classList.remove('on'));
  };

  const show = (panel, index) => {
    if (index < 0) {
      hide();
      return;
    }
    shown = index;
    for (const other of panels) {
      other.mark.setAttribute('cx', other.points[index].x);
      other.mark.setAttribute('cy', other.points[index].y);
      other.mark.classList.add('on');
    }
    const { x, y, label } = panel.points[index], name = keys[label]?.textContent;
    spot.querySelector('svg').setAttribute('viewBox', `${index % columns * pitch} ${Math.floor(index / columns) * pitch} ${size} ${size}`);
    spot.querySelector('span').textContent = name === undefined ? '' : panel.knn[index] === label ? name : `${name}, which kNN takes for ${keys[panel.knn[index]].textContent}`;
    spot.hidden = false;
    const outer = maps.getBoundingClientRect(), inner = panel.svg.getBoundingClientRect(), scale = inner.width / panel.svg.viewBox.baseVal.width;
    const left = inner.left - outer.left + x * scale, top = inner.top - outer.top + y * scale;
    spot.style.left = `${Math.max(0, Math.min(left - spot.offsetWidth / 2, outer.width - spot.offsetWidth))}px`;
    spot.style.top = `${top > spot.offsetHeight + reach ? top - spot.offsetHeight - reach : top + reach}px`;
  };

  const nearest = (panel, event) => {
    const box = panel.svg.getBoundingClientRect(), scale = panel.svg.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let best = -1, least = (reach * scale) ** 2;
    panel.points.forEach((point, index) => {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance < least) [best, least] = [index, distance];
    });
    return best;
  };

  // The next point in a direction: near, and not far aside.
  const next = (panel, dx, dy) => {
    const from = panel.points[shown];
    let best = shown, least = Infinity;
    panel.points.forEach((point, index) => {
      const along = (point.x - from.x) * dx + (point.y - from.y) * dy, aside = (point.x - from.x) * dy - (point.y - from.y) * dx;
      const cost = along + aside * aside / along;
      if (along > 0 && cost < least) [best, least] = [index, cost];
    });
    return best;
  };

  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  for (const panel of panels) {
    panel.svg.setAttribute('tabindex', '0');
    panel.svg.setAttribute('aria-label', `${panel.svg.getAttribute('aria-label')}; arrow keys go from point to point`);
    panel.svg.addEventListener('pointermove', event => show(panel, nearest(panel, event)));
    panel.svg.addEventListener('pointerdown', event => show(panel, nearest(panel, event)));
    panel.svg.addEventListener('pointerleave', event => event.pointerType === 'mouse' && hide());
    panel.svg.addEventListener('blur', hide);
    panel.svg.addEventListener('keydown', event => {
      if (event.key === 'Escape') hide();
      if (!(event.key in steps)) return;
      event.preventDefault();
      show(panel, shown < 0 ? 0 : next(panel, ...steps[event.key]));
    });
  }

  keys.forEach((key, label) => key.addEventListener('click', () => {
    const isOn = key.getAttribute('aria-pressed') !== 'true';
    keys.forEach(other => other.setAttribute('aria-pressed', String(isOn && other === key)));
    chosen.textContent = isOn ? `svg.map circle:not(.c${label}, .mark) { opacity: .12; }` : '';
  }));
}
