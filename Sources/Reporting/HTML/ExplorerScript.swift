/// The script of the threshold explorer.
///
/// It reads the states from the page and changes texts and two markers.
///
/// `#threshold=0.35` in the address sets it, so that a state can be linked to and tested.
enum ExplorerScript {
    static let text = """
        (() => {
        "use strict";
        const source = document.getElementById("states");
        if (!source) return;
        const data = JSON.parse(source.textContent);
        const last = data.t.length - 1;
        const get = id => document.getElementById(id);
        const slider = get("slider");
        const count = n => n.toLocaleString("en-US");
        const scale = {linear: v => v, log: v => v > 0 ? Math.log10(v) : -Infinity};
        function place(svg, axis, value) {
          const [kind, low, high] = svg.dataset[axis].split(" ");
          const [left, top, width, height] = svg.dataset.frame.split(" ").map(Number);
          const f = scale[kind];
          const share = Math.min(1, Math.max(0, (f(value) - f(+low)) / (f(+high) - f(+low))));
          return axis === "x" ? left + share * width : top + (1 - share) * height;
        }
        function shape(svg, name, attributes) {
          const element = document.createElementNS("http://www.w3.org/2000/svg", name);
          const look = {class: "vp-s-ink vp-marker", stroke: "#1a1a1a", "stroke-width": 2};
          for (const [key, value] of Object.entries({...look, ...attributes})) element.setAttribute(key, value);
          svg.append(element);
          return element;
        }
        const scores = get("scores"), roc = get("roc");
        let line, dot;
        if (scores) {
          const [, top, , height] = scores.dataset.frame.split(" ").map(Number);
          line = shape(scores, "line", {y1: top, y2: top + height});
        }
        if (roc) dot = shape(roc, "circle", {r: 6, "fill-opacity": 0});
        function show(index) {
          const t = data.t[index], i = data.i[index], g = data.g[index];
          const far = i / data.impostors, tar = g / data.genuine;
          get("threshold").value = t === null ? "above every score" : t.toFixed(4);
          get("far").value = i === 0 ? "0" :
            far.toExponential(2).replace("e+0", "") + " (1 in " + count(Math.round(1 / far)) + ")";
          get("impostors").value = count(i) + " of " + count(data.impostors);
          get("tar").value = (100 * tar).toFixed(2) + " %";
          get("genuine").value = count(g) + " of " + count(data.genuine);
          get("missed").value = count(data.genuine - g);
          slider.setAttribute("aria-valuetext", "threshold " + get("threshold").value);
          if (line) {
            const x = t === null ? place(scores, "x", Infinity) : place(scores, "x", t);
            line.setAttribute("x1", x);
            line.setAttribute("x2", x);
          }
          if (dot) {
            dot.setAttribute("cx", place(roc, "x", far));
            dot.setAttribute("cy", place(roc, "y", 100 * tar));
          }
        }
        function go(index) {
          slider.value = last - index;
          show(index);
        }
        function follow() {
          const wanted = /^#threshold=(-?[0-9.e-]+)$/.exec(location.hash);
          if (!wanted) return false;
          let index = 0;
          while (index < last && data.t[index + 1] >= +wanted[1]) index += 1;
          go(index);
          return true;
        }
        slider.max = last;
        slider.addEventListener("input", () => show(last - slider.value));
        addEventListener("hashchange", follow);
        for (const [label, index] of data.jumps) {
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = label;
          button.addEventListener("click", () => go(index));
          get("jumps").append(button);
        }
        get("explorer").hidden = false;
        if (!follow()) go(data.jumps.length ? data.jumps[data.jumps.length - 1][1] : 0);
        })();
        """
}
