import { expect, test } from 'vitest';
import { kafkaSuite } from '../../../kafka/suite.ts';
import { Kafka, type CorrectedKafka } from '../../../../src/log/kafka/client/index.ts';
import { stock } from './libraries.ts';
kafkaSuite('failover', {count:3}, (brokers) => {
  for (const name of ['ours','stock']) test(name, async()=>{
    const K = name==='ours' ? Kafka : (stock('index') as any).Kafka;
    const kafka: CorrectedKafka = new K({clientId:'f',brokers:brokers().bootstrap.split(','),logLevel:0, retry:{initialRetryTime:50, retries: 60, maxRetryTime: 1000}});
    const admin=kafka.admin(); await admin.connect(); const topic='fo-'+name; await admin.createTopics({topics:[{topic,numPartitions:6,replicationFactor:3}]});
    const p = kafka.producer({idempotent:true, retry:{retries:60,initialRetryTime:50,maxRetryTime:1000}}); await p.connect();
    const tp = kafka.producer({transactionalId:'tx-'+name, retry:{retries:60,initialRetryTime:50,maxRetryTime:1000}}); await tp.connect();
    const co = kafka.consumer({groupId:topic, maxWaitTimeInMs:100, sessionTimeout: 10000}); let joins=0; co.on(co.events.GROUP_JOIN,()=>void joins++);
    await co.connect(); await co.subscribe({topic,fromBeginning:true});
    const seen = new Map<string,number>(); await co.run({autoCommit:false,eachBatch:async({batch})=>{for(const m of batch.messages){const v=m.value!.toString();seen.set(v,(seen.get(v)??0)+1)}}});
    const end = Date.now()+25000; let n=0, txOk=0, txFail=0, sendFail=0; const sure=new Set<string>(); const unsure=new Set<string>();
    const killer = (async()=>{ for (const i of [0,1]) { await new Promise(r=>setTimeout(r,3000)); await brokers().kill(i); await new Promise(r=>setTimeout(r,4000)); await brokers().restart(i); } })();
    const loop1=(async()=>{ while(Date.now()<end){ const vs=Array.from({length:20},()=>`s${n++}`); try{ await p.send({topic,messages:vs.map(value=>({value}))}); vs.forEach(v=>sure.add(v)); }catch(e){ sendFail++; vs.forEach(v=>unsure.add(v)); } } })();
    const loop2=(async()=>{ while(Date.now()<end){ const vs=Array.from({length:20},()=>`t${n++}`); let t: any; try{ t=await tp.transaction(); await t.send({topic,messages:vs.map(value=>({value}))}); await t.commit(); vs.forEach(v=>sure.add(v)); txOk++; }catch(e:any){ txFail++; if (txFail<4) console.log(name,'tx',e.message); vs.forEach(v=>unsure.add(v)); try{ if (t?.isActive()) await t.abort(); }catch{} await new Promise(r=>setTimeout(r,50)); } } })();
    await Promise.all([killer,loop1,loop2]);
    const missing=()=>[...sure].filter(v=>!seen.has(v));
    for(let i=0;i<60&&missing().length>0;i++) await new Promise(r=>setTimeout(r,250));
    const dup=[...seen].filter(([,c])=>c>1).length;
    console.log(name,{sure:sure.size,missing:missing().length,dup,joins,txOk,txFail,sendFail,unsure:unsure.size});
    await Promise.race([Promise.allSettled([co.disconnect(),p.disconnect(),tp.disconnect(),admin.disconnect()]), new Promise(r=>setTimeout(r,5000))]);
  }, 120000);
});
