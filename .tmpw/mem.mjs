import module from 'node:module';
module.enableCompileCache();
let last=process.memoryUsage().rss, t=performance.now(); let n=0, ts=0;

const show=(l)=>{const r=process.memoryUsage();const now=performance.now();console.log(l.padEnd(34),'+'+((r.rss-last)/1048576).toFixed(1)+'MB','+'+(now-t).toFixed(0)+'ms','modules',n,'ts',ts,'rss',(r.rss/1048576).toFixed(0),'heap',(r.heapUsed/1048576).toFixed(1));last=r.rss;t=performance.now();n=0;ts=0};
show('base');
for (const m of process.argv.slice(2)) { await import(m.startsWith('.')||m.startsWith('/')? new URL(m,'file:///tmp/wt/cli/').href : m); show(m); }
if (global.gc) { gc(); show('after gc'); }
