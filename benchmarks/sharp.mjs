// One job a line in, one answer a line out: {"cpu": seconds, "encodes": n} and the file at "out".
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
const sharp = createRequire(process.argv[2] + "/")("sharp");

async function search(picture, budget) {
  let low = 5, high = 95, best = null, encodes = 0;
  while (low <= high) {
    const quality = (low + high) >> 1;
    const data = await picture.clone().jpeg({ quality }).toBuffer();
    encodes++;
    if (data.length <= budget) { best = data; low = quality + 1; } else { high = quality - 1; }
  }
  return { data: best, encodes };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { path, out, side, budget } = JSON.parse(line);
  const before = process.cpuUsage();
  try {
    let picture = sharp(path).rotate();
    if (side) picture = picture.resize(side, side, { fit: "inside", withoutEnlargement: true });
    let made;
    if (budget) {
      const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
      made = await search(sharp(data, { raw: info, limitInputPixels: false }), budget);
    } else {
      made = { data: await picture.jpeg({ quality: 80 }).toBuffer(), encodes: 1 };
    }
    const used = process.cpuUsage(before);
    if (made.data) writeFileSync(out, made.data);
    console.log(JSON.stringify({ cpu: (used.user + used.system) / 1e6, encodes: made.encodes, made: !!made.data }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
