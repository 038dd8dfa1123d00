// A clip as the README of npm's lumaai makes one.
import fs from 'node:fs';
import LumaAI from 'lumaai';

const client = new LumaAI();
let generation = await client.generations.create({
  model: 'ray-2',
  aspect_ratio: '16:9',
  prompt: 'A teddy bear in sunglasses playing electric guitar, dancing and headbanging in the jungle',
});
while (generation.state !== 'completed') {
  if (generation.state === 'failed') throw new Error(generation.failure_reason);
  await new Promise((resolve) => setTimeout(resolve, 200));
  generation = await client.generations.get(generation.id);
}
const answer = await fetch(generation.assets.video);
fs.writeFileSync(process.argv[2], Buffer.from(await answer.arrayBuffer()));
