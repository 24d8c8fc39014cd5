const t=performance.now(); const m0=process.memoryUsage().rss;
const {Compile}=await import('typebox/schema'); const t1=performance.now();
const v=Compile({type:'object',properties:{a:{type:'string',minLength:2},b:{type:'integer'}},required:['a']}); v.Check({a:'xx'});
console.log((t1-t).toFixed(0),(performance.now()-t1).toFixed(1),((process.memoryUsage().rss-m0)/1e6).toFixed(0));
