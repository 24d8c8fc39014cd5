import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
const times=[]; 
for (let i=0;i<4;i++){ const t=performance.now();
const c=spawn(process.execPath,[...(process.env.ENTRY??'scripts/polywire.mjs').split(' '),'up','examples/parcels','--port','0','--json','--data','/tmp/wt/.cli-data'],{stdio:['ignore','pipe','inherit']});
const line=await new Promise(r=>{let b='';c.stdout.on('data',d=>{b+=d;const i=b.indexOf('\n');if(i>=0)r(b.slice(0,i))})});
const t1=performance.now()-t; const {url}=JSON.parse(line);
await new Promise((r,j)=>http.get(url+(process.argv[2]??'/healthz'),res=>{res.resume();res.on('end',r)}).on('error',j));
const t2=performance.now()-t; await new Promise(r=>setTimeout(r,1500));
const rss=/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${c.pid}/status`,'utf8'))[1];
console.log('serving',t1.toFixed(0),'first answer',t2.toFixed(0),'rss MB',(rss/1024).toFixed(1));
c.kill('SIGKILL'); }
