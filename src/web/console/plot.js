// A number as it moved: the last minute as a line, newest at the right. Drawn for the eye; a table says the same.

const plot_points = 61, plot_height = 40;

/** Where a part of the highest value lies. */
const plot_y = part => plot_height - 1 - part * (plot_height - 3);

/** The points of a line whose highest value is `top`; what is missing breaks it. */
function plot_path(values, top) {
  const first = plot_points - values.length;
  let path = '', is_broken = true;
  for (const [index, value] of values.entries()) {
    if (Number.isFinite(value)) path += `${is_broken ? 'M' : 'L'}${first + index} ${plot_y(value / top).toFixed(2)}`;
    is_broken = !Number.isFinite(value);
  }
  return path;
}

class Plot {
  constructor() {
    this.values = [];
    this.line = make_svg('path', { class: 'line', 'vector-effect': 'non-scaling-stroke' });
    this.area = make_svg('path', { class: 'area' });
    this.moving = make_svg('g', {}, this.area, this.line);
    const grid = [0, 0.5, 1].map(part => make_svg('path', { class: 'grid', 'vector-effect': 'non-scaling-stroke',
      d: `M0 ${plot_y(part)}H${plot_points}` }));
    this.node = make_svg('svg', {
      class: 'plot', viewBox: `0 0 ${plot_points - 1} ${plot_height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true',
    }, ...grid, this.moving);
  }

  /** The values that are there. */
  get known() { return this.values.filter(Number.isFinite); }
  get least() { return Math.min(...this.known); }
  get most() { return Math.max(...this.known); }

  /** One more; `NaN` where nothing is known. */
  add(value) {
    this.values.push(value);
    if (this.values.length > plot_points) this.values.shift();
    const path = plot_path(this.values, Math.max(this.most, this.floor ?? 1));
    this.line.setAttribute('d', path);
    // Each stretch of the line down to the ground.
    this.area.setAttribute('d', path.replace(/M(\S+) (\S+)((?:L\S+ \S+?)*)(?=M|$)/g, (all, x, y, rest) => {
      const last = rest ? rest.slice(rest.lastIndexOf('L') + 1).split(' ')[0] : x;
      return `M${x} ${plot_height}L${x} ${y}${rest}L${last} ${plot_height}Z`;
    }));
    if (!is_calm.matches && document.hasFocus()) {
      this.moving.animate([{ transform: 'translateX(1px)' }, { transform: 'none' }], { duration: 900, easing: 'linear' });
    }
  }
}
