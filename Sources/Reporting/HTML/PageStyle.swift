internal import Plotting

/// The style sheet of every page: light and dark, screen, telephone and paper.
enum PageStyle {
    static let text: String = """
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
}
