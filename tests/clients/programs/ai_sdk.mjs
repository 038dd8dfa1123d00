// A still as the README of @ai-sdk/luma makes one; address and key are the provider's two settings.
import fs from 'node:fs';
import { createLuma } from '@ai-sdk/luma';
import { generateImage } from 'ai';

const luma = createLuma({ baseURL: process.env.SANDBOX, apiKey: 'sandbox' });
const { image } = await generateImage({
  model: luma.image('photon-1'),
  prompt: 'A serene mountain landscape at sunset',
  aspectRatio: '16:9',
});
fs.writeFileSync(process.argv[2], image.uint8Array);
