// `tintype variants` against sharp: the same photographs, the same three variants, whole processes, in turn.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const SIZES = [[800, 600], [400, 300], [200, 150]];
const ROUNDS = 5;
const [tintype, photos, worker] = process.argv.slice(2);
const files = readdirSync(photos).filter((name) => /\.jpe?g$/i.test(name)).sort().map((name) => join(photos, name));

/** sharp as its documentation shows it: one pipeline a file, a clone a size. */
async function withSharp(out) {
  const { default: sharp } = await import("sharp");
  const queue = [...files];
  const lanes = Array.from({ length: 2 }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const source = sharp(file, { sequentialRead: true }).rotate();
      await Promise.all(SIZES.map(([width, height]) => source.clone().resize(width, height, { fit: "cover" })
        .jpeg({ quality: 80, progressive: true }).toFile(join(out, `${basename(file)}_${width}.jpg`))));
    }
  });
  await Promise.all(lanes);
}

function measure(command, args) {
  const out = mkdtempSync(join(tmpdir(), "tintype-bench-"));
  const start = process.hrtime.bigint();
  const done = spawnSync(command, [...args(out)], { encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, TINTYPE_HOME: join(out, "home") } });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (done.status !== 0) throw new Error(`${command} ended with ${done.status}: ${done.stderr}`);
  const made = readdirSync(out).filter((name) => name.endsWith(".jpg"));
  const bytes = made.reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  rmSync(out, { recursive: true });
  if (made.length !== files.length * SIZES.length) throw new Error(`${command} made ${made.length} of ${files.length * SIZES.length} files`);
  return { seconds, bytes };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

if (worker) {
  mkdirSync(worker, { recursive: true });
  await withSharp(worker);
} else {
  const self = fileURLToPath(import.meta.url);
  const runners = {
    tintype: () => measure(tintype, (out) => ["variants", ...SIZES.flatMap(([w, h]) => ["--spec", `${w}x${h}=${w}x${h}:cover:jpeg:80`]), "--out", out, ...files]),
    sharp: () => measure(process.execPath, (out) => [self, tintype, photos, out]),
  };
  const results = Object.fromEntries(Object.keys(runners).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) for (const name in runners) results[name].push(runners[name]());
  console.log(`${files.length} photographs × ${SIZES.length} progressive JPEG variants, medians of ${ROUNDS}`);
  for (const name in results) console.log(`  ${name.padEnd(8)} ${median(results[name].map((r) => r.seconds)).toFixed(2)} s   ${(results[name][0].bytes / 1e6).toFixed(2)} MB out`);
  const ratio = median(results.sharp.map((r) => r.seconds)) / median(results.tintype.map((r) => r.seconds));
  console.log(`  throughput: ${ratio.toFixed(2)} × sharp`);
}
