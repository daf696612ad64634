internal import Plotting

/// What every page is made with: its style sheet and its scripts.
enum PageTexts {
    /// Light and dark, screen, telephone and paper.
    static let style = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1a1a1a;--soft:#5c5c5c;--line:#d9d9d9;--tile:#f5f6f7;\
        --accent:#005a9c;--warn:#fdf3e1;--warn-line:#d98200}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0 auto;padding:1.5rem 1.25rem 4rem;max-width:64rem;background:var(--paper);color:var(--ink);\
        font:16px/1.5 system-ui,-apple-system,"Segoe UI","Helvetica Neue",Arial,sans-serif;\
        font-variant-numeric:tabular-nums}
        h1{font-size:1.7rem;line-height:1.2;margin:0 0 .4rem;overflow-wrap:anywhere}
        h2{font-size:1.15rem;margin:2.6rem 0 .8rem;padding-top:.7rem;border-top:1px solid var(--line)}
        h3{font-size:1rem;margin:1.4rem 0 .5rem}
        p{margin:.4rem 0;max-width:46rem}
        small,.soft{color:var(--soft)}
        small{font-size:.82em}
        .lead{font-size:1.05rem}
        .warning{background:var(--warn);border-left:4px solid var(--warn-line);padding:.5rem .8rem;margin:.6rem 0;\
        max-width:none;overflow-wrap:anywhere}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem;margin:1.2rem 0}
        .tile{background:var(--tile);border:1px solid var(--line);border-radius:6px;padding:.8rem 1rem}
        .tile h3{margin:0;font-size:.95rem}
        .tile .value{font-size:2.1rem;line-height:1.25;font-weight:600}
        .tile .value.none{font-size:1.25rem;line-height:1.4;padding:.3rem 0}
        .tile .value small{font-weight:400;font-size:1rem;white-space:nowrap;display:inline-block;line-height:1.5}
        .tile p{margin:.15rem 0 0;font-size:.88rem;line-height:1.4}
        .scroll{overflow-x:auto;margin:.4rem 0 1rem}
        table{border-collapse:collapse;width:100%;font-size:.92rem}
        caption{text-align:left;font-weight:600;padding:.2rem 0 .4rem}
        th,td{padding:.32rem .6rem;text-align:left;vertical-align:baseline}
        th:first-child,td:first-child{padding-left:0}
        th:last-child,td:last-child{padding-right:0}
        thead th{border-top:1.5px solid var(--ink);border-bottom:1px solid var(--ink);font-weight:600}
        tbody tr:last-child td{border-bottom:1.5px solid var(--ink)}
        tbody tr+tr td{border-top:1px solid var(--line)}
        .r{text-align:right}
        td.r{white-space:nowrap}
        .s{font-size:.85em;color:var(--soft);padding-left:0;white-space:nowrap}
        td.s{font-weight:400}
        th.s{font-weight:400}
        td small{white-space:nowrap}
        .below td small{display:block}
        .notes p{font-size:.88rem;color:var(--soft)}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.4rem 2rem}
        figure{margin:0}
        figcaption{font-size:.88rem;color:var(--soft);margin-top:.2rem}
        svg.vp{display:block;width:100%;height:auto;max-width:36rem}
        dl{display:grid;grid-template-columns:fit-content(42%) 1fr;gap:.25rem 1.2rem;margin:.4rem 0;font-size:.92rem}
        dt{color:var(--soft)}
        dd{margin:0;overflow-wrap:anywhere}
        .columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:0 2.4rem}
        .pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.9rem}
        .pair{border:1px solid var(--line);border-radius:6px;padding:.6rem .7rem;font-size:.82rem;line-height:1.35}
        .pair b{font-size:1rem}
        .sides{display:grid;grid-template-columns:1fr 1fr;gap:.6rem;margin-top:.4rem}
        .sides img,.blank{display:block;width:112px;max-width:100%;aspect-ratio:1;object-fit:contain}
        .blank{border:1px dashed var(--line)}
        .side{min-width:0;overflow-wrap:anywhere}
        .sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(4.6rem,1fr));gap:.5rem;font-size:.68rem;\
        line-height:1.2}
        .sheet figure{min-width:0}
        .sheet img{display:block;width:100%;height:auto}
        .sheet figcaption{font-size:inherit;overflow-wrap:anywhere}
        .explorer{background:var(--tile);border:1px solid var(--line);border-radius:6px;padding:.9rem 1rem;\
        align-self:start}
        .explorer input{width:100%;margin:.5rem 0;accent-color:var(--accent);height:1.6rem}
        .explorer .readout{grid-template-columns:auto 1fr;gap:.25rem 1.2rem;font-size:1rem}
        .explorer output{font-weight:600}
        .explorer .jumps{display:flex;flex-wrap:wrap;gap:.4rem;margin:.3rem 0 .6rem}
        button{font:inherit;font-size:.85rem;padding:.25rem .6rem;border:1px solid var(--line);border-radius:4px;\
        background:var(--paper);color:var(--ink);cursor:pointer}
        button:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        [hidden]{display:none}
        th button{border:0;background:none;padding:0;font-weight:600;font-size:1em;color:inherit;text-align:inherit}
        th[aria-sort=ascending] button::after{content:" ▲";font-size:.7em}
        th[aria-sort=descending] button::after{content:" ▼";font-size:.7em}
        .sortable td small{display:block;white-space:normal}
        .sortable td.r small,.sortable th{white-space:nowrap}
        @media screen and (prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e8e8e8;--soft:#a3a9b0;\
        --line:#3a4149;--tile:#1c2228;--accent:#6cb6ff;--warn:#2e2617;--warn-line:#ffb454}
        \(PlotInk.darkStyleRules(paper: "var(--paper)"))}
        @media (max-width:34rem){body{padding:1rem .9rem 3rem}h1{font-size:1.4rem}
        dl:not(.readout){grid-template-columns:1fr;gap:0}dl:not(.readout) dd{margin-bottom:.5rem}
        .stack thead{position:absolute;clip-path:inset(50%)}
        .stack,.stack caption,.stack tbody,.stack tr,.stack td{display:block;width:100%}
        .stack td:first-child{font-weight:600}
        .stack tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
        .stack td,.stack tbody tr+tr td,.stack tbody tr:last-child td{border:0;padding:.1rem 0;text-align:right;\
        display:flex;justify-content:space-between;gap:1rem}
        .stack td::before{content:attr(data-label);color:var(--soft);text-align:left}
        .stack td small{white-space:normal}}
        @media print{body{max-width:none;padding:0;font-size:10.5pt}h2,h3{break-after:avoid}
        .tile,.pair,figure,tr{break-inside:avoid}.explorer,.vp-marker{display:none}
        .figures,.columns{grid-template-columns:1fr 1fr}.scroll{overflow:visible}
        a{color:inherit;text-decoration:none}}
        """

    /// Hidden until its script runs.
    static let explorer = """
        <div class="explorer" id="explorer" hidden="">
        <label for="slider"><b>Move the threshold</b></label>
        <input id="slider" type="range" min="0" value="0" step="1"/>
        <div class="jumps" id="jumps"></div>
        <dl class="readout">
        <dt>Threshold</dt><dd><output id="threshold"></output></dd>
        <dt>FAR</dt><dd><output id="far"></output></dd>
        <dt>Impostors accepted</dt><dd><output id="impostors"></output></dd>
        <dt>TAR</dt><dd><output id="tar"></output></dd>
        <dt>Genuine accepted</dt><dd><output id="genuine"></output></dd>
        <dt>Genuine missed</dt><dd><output id="missed"></output></dd>
        </dl>
        <p><small>Each stop of the slider is a state of the data; its counts are exact.</small></p>
        </div>
        <noscript><p>The threshold explorer needs JavaScript, which this browser does not run.</p></noscript>
        """

    /// Moves the threshold of the explorer: reads the states from the page and changes texts and two markers.
    ///
    /// `#threshold=0.35` in the address sets it, so that a state can be linked to and tested.
    static let explorerScript = """
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
        for (const {label, index} of data.jumps) {
          const button = document.createElement("button");
          button.type = "button";
          button.textContent = label;
          button.addEventListener("click", () => go(index));
          get("jumps").append(button);
        }
        get("explorer").hidden = false;
        if (!follow()) go(data.jumps.length ? data.jumps[data.jumps.length - 1].index : 0);
        })();
        """

    /// Sorts tables by the column whose title is clicked; `#sort=table,column` in the address does it too.
    static let sortingScript = """
        (() => {
        "use strict";
        const units = {"": 1, M: 1e6, G: 1e9};
        function value(cell) {
          const text = cell.querySelector("span").firstChild?.textContent.trim() ?? "";
          // A range of ranks by its best, then by its worst.
          const ranks = /^([0-9]+)–([0-9]+)$/.exec(text);
          if (ranks) return +ranks[1] + ranks[2] / 1e6;
          const number = /^(-?[0-9][0-9,]*\\.?[0-9]*) ?([MG]?)(?: (?:±|of) .*)?$/.exec(text);
          return number ? number[1].replaceAll(",", "") * units[number[2]] : text;
        }
        const isMissing = v => v === "–" || v === "" || v === "not resolved";
        function compare(a, b) {
          const numbers = typeof a === "number" && typeof b === "number";
          return numbers ? a - b : String(a).localeCompare(String(b));
        }
        for (const table of document.querySelectorAll("table.sortable")) {
          const heads = [...table.tHead.rows[0].cells];
          heads.forEach((head, column) => {
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = head.textContent;
            head.replaceChildren(button);
            button.addEventListener("click", () => {
              const first = head.classList.contains("r") && column > 0 ? "descending" : "ascending";
              const other = first === "ascending" ? "descending" : "ascending";
              const order = head.getAttribute("aria-sort") === first ? other : first;
              heads.forEach(h => h.removeAttribute("aria-sort"));
              head.setAttribute("aria-sort", order);
              const rows = [...table.tBodies[0].rows].map(row => [value(row.cells[column]), row]);
              rows.sort(([a], [b]) => isMissing(a) - isMissing(b) ||
                (order === "ascending" ? compare(a, b) : compare(b, a)));
              table.tBodies[0].append(...rows.map(([, row]) => row));
            });
          });
        }
        const wanted = /^#sort=([0-9]+),([0-9]+)$/.exec(location.hash);
        if (wanted) {
          const table = document.querySelectorAll("table.sortable")[+wanted[1]];
          table?.tHead.rows[0].cells[+wanted[2]]?.querySelector("button")?.click();
        }
        })();
        """
}
