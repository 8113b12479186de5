/** Style sheet of the page: light, dark, narrow and print. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c2330;--faint:#5d687b;--line:#d5dae3;--paper:#fff;--card:#f7f8fb;
--master:#17845a;--backup:#c3cfe2;--fault:#c2410c;--init:#e5e7eb;--down:#8b93a3;--gone:#b9bfca;
--bad:#d92d20;--planned:#b78105;--another:#7c8fb3;--link:#2563eb}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9f0;--faint:#9aa5b8;--line:#343c4b;--paper:#12161d;
--card:#1a202b;--master:#2a9d72;--backup:#3b4a63;--fault:#f0743e;--init:#2a3140;--down:#596273;--gone:#454e5e;
--bad:#ff6b5e;--planned:#e0a526;--another:#5d739c;--link:#6ea0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.25rem;margin:0}h3{font-size:.95rem;margin:1.2rem 0 .3rem}
h2 small{font-weight:400;color:var(--faint);font-size:.9rem;margin-left:.5rem}
header p,.note{color:var(--faint);margin:.3rem 0}
section{border-top:2px solid var(--line);padding:1.3rem 0}
dl{display:flex;flex-wrap:wrap;gap:.6rem;margin:.9rem 0}
dl div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.45rem .8rem}
dt{color:var(--faint);font-size:.78rem}dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
dd.bad{color:var(--bad)}
figure{margin:.6rem 0;overflow-x:auto}
figure svg{display:block;width:100%;min-width:40rem;height:auto}
figcaption{font-size:.86rem;margin-bottom:.2rem}
.zooms{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,34rem),1fr));gap:.8rem}
.zooms figure{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .7rem;margin:0}
.zooms figure svg{min-width:0}
table{border-collapse:collapse;width:100%;font-size:.88rem}
.scroll{overflow-x:auto;margin-top:1.1rem}
th{text-align:left;font-weight:500;color:var(--faint);font-size:.8rem;white-space:nowrap}
td,th{padding:.25rem .9rem .25rem 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0}td{font-variant-numeric:tabular-nums}
td.time,td.length{white-space:nowrap}
.tag{display:inline-block;border-radius:1rem;padding:0 .55rem;font-size:.78rem;font-weight:600;color:#fff}
.tag.planned{background:var(--planned)}.tag.unplanned{background:var(--bad)}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--ink)}
svg .faint{fill:var(--faint)}svg .grid{stroke:var(--line)}svg .name{font-weight:600}
svg .inlane{fill:#fff;font-size:10px;font-weight:600}svg .inlane.dark{fill:var(--ink)}
.MASTER{fill:var(--master);background:var(--master)}.BACKUP{fill:var(--backup);background:var(--backup)}
.FAULT{fill:var(--fault);background:var(--fault)}.INIT{fill:var(--init);background:var(--init)}
.down{fill:var(--down);background:var(--down)}.gone{fill:var(--gone);background:var(--gone)}
.h0{fill:var(--master);background:var(--master)}.h1{fill:#3b6fd4;background:#3b6fd4}
.h2{fill:#8b5cf6;background:#8b5cf6}.h3{fill:#b45309;background:#b45309}
.another{fill:var(--another);background:var(--another)}
.lost{fill:var(--bad);background:var(--bad)}.rest{fill:var(--planned);background:var(--planned)}
.empty{fill:var(--init)}
.swatch{display:inline-block;width:1.1rem;height:.7rem;border-radius:2px;margin-right:.35rem}
footer{border-top:2px solid var(--line);padding-top:1rem;color:var(--faint);font-size:.86rem}
footer span{margin-right:1rem;white-space:nowrap}
@media (max-width:40rem){body{padding:.8rem}footer span{white-space:normal}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;font-size:11px}
figure,tr,dl div{break-inside:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
