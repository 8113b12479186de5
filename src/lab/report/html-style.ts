/** Style sheets of the HTML report and of single pictures: light, dark and print. */
const COLOURS = `
:root{color-scheme:light dark;--ink:#1c2330;--faint:#667085;--line:#d5dae3;--paper:#fff;--card:#f7f8fb;
--master:#17845a;--backup:#c3cfe2;--fault:#c2410c;--init:#e5e7eb;--still:#b78105;--down:#8b93a3;
--has:#2563eb;--bad:#d92d20;--good:#17845a;--step:#7a3ff2}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9f0;--faint:#98a2b3;--line:#343c4b;--paper:#12161d;
--card:#1a202b;--master:#2fb380;--backup:#3b4a63;--fault:#f0743e;--init:#2a3140;--still:#e0a526;
--down:#596273;--has:#6ea0ff;--bad:#ff6b5e;--good:#3fc48f;--step:#b794ff}}
`;

const CHART = `
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--ink)}
svg .faint{fill:var(--faint)}svg .grid{stroke:var(--line)}svg .name{font-weight:600}
.MASTER{fill:var(--master);background:var(--master)}.BACKUP,.runs{fill:var(--backup);background:var(--backup)}
.FAULT{fill:var(--fault);background:var(--fault)}.INIT{fill:var(--init);background:var(--init)}
.hung,.frozen{fill:var(--still);background:var(--still)}
.down,.crashed{fill:var(--down);background:var(--down)}
.has{fill:var(--has);background:var(--has)}.lost{fill:var(--bad)}.asked{fill:var(--line)}
.answers{fill:var(--step)}
.advert{stroke:var(--ink);stroke-width:1}.garp{fill:var(--has)}.bye{fill:var(--bad)}
.step{stroke:var(--step);stroke-width:1;stroke-dasharray:3 3}svg .steptext{fill:var(--step);font-weight:600}
.dual{fill:var(--bad);opacity:.13}svg .dualtext{fill:var(--bad);font-weight:600}
.lasting{fill:var(--step);opacity:.12}svg .inlane{fill:#fff;font-size:10px;font-weight:600}
svg .inlane.BACKUP{fill:var(--ink);background:none}
`;

/** Of a picture that stands alone. */
export const PICTURE_STYLE = `${COLOURS}${CHART}.paper{fill:var(--paper)}`;

export const STYLE = `${COLOURS}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1.5rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;margin:0}h2{font-size:1.25rem;margin:0 0 .25rem}h3{font-size:1rem;margin:0 0 .5rem}
header p{margin:.4rem 0 1rem}
nav ol{list-style:none;margin:0 0 1rem;padding:0;columns:2;column-gap:2rem}
nav li{break-inside:avoid;padding:.1rem 0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
nav span:not(.mark),.what,.references,.footing,footer{color:var(--faint);font-size:.86rem}
a{color:var(--has)}code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
section{border-top:2px solid var(--line);padding:1.4rem 0}
.what,.references,.footing{margin:.2rem 0}.story{max-width:46rem;margin:.5rem 0}
article{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem;margin:1rem 0}
figure{margin:0 0 .8rem;overflow-x:auto}
figure svg{display:block;width:100%;min-width:36rem;height:auto}
.badge{display:inline-block;padding:.05rem .6rem;border-radius:1rem;color:#fff;font-size:.8rem;
font-weight:600;vertical-align:middle}
.badge.holds{background:var(--good)}.badge.fails{background:var(--bad)}
.mark{font-weight:700}.mark.holds{color:var(--good)}.mark.fails{color:var(--bad)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th{text-align:left;font-weight:500}thead th{color:var(--faint);font-size:.8rem}
td,th{padding:.25rem .6rem .25rem 0;border-top:1px solid var(--line);vertical-align:top}
thead td,thead th{border-top:0}th small{display:block;color:var(--faint);font-weight:400}
tr.fails td:last-child{color:var(--bad)}
.verdicts td:first-child{width:1.6rem}.verdicts td:last-child{width:42%;font-variant-numeric:tabular-nums}
.comparison{margin-top:.5rem;max-width:46rem}.comparison td{font-variant-numeric:tabular-nums}
dl{display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;margin:.9rem 0 .5rem}dl div{min-width:6rem}
dt{color:var(--faint);font-size:.78rem}dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
footer{border-top:2px solid var(--line);padding-top:1rem}footer span{margin-right:1rem;white-space:nowrap}
.swatch{display:inline-block;width:1.2rem;height:.7rem;border-radius:2px;margin-right:.35rem}
${CHART}
@media (max-width:40rem){nav ol{columns:1}body{padding:.8rem}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;font-size:11px}
section,article,figure,tr{break-inside:avoid}article{border:0;padding:0}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
