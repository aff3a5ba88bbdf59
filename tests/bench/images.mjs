// `tintype variants` and sharp in turn: the same photographs, the same outputs, whole processes, in one run.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const SIZES = [[800, 600], [400, 300], [200, 150]];
const NAMES = SIZES.map(([width, height]) => `${width}x${height}`);
const ROUNDS = 5;
const self = fileURLToPath(import.meta.url);
const [tintype, instrument, photos, ...worker] = process.argv.slice(2);
const scratch = worker.length ? "" : mkdtempSync(join(tmpdir(), "tintype-bench-"));
const jpegs = (folder) => readdirSync(folder).filter((name) => /\.jpe?g$/i.test(name)).sort().map((name) => join(folder, name));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const stem = (file) => basename(file, extname(file));

/** What sharp is asked for, by the name of a task. */
const ENCODE = {
  baseline: (image) => image.jpeg({ quality: 80 }),
  progressive: (image) => image.jpeg({ quality: 80, progressive: true }),
  webp: (image) => image.webp({ quality: 80 }),
  png: (image) => image.png(),
  avif: (image) => image.avif({ quality: 50, effort: 2 }),
};
const EXTENSION = { baseline: "jpg", progressive: "jpg", webp: "webp", png: "png", avif: "avif" };
const COVER = { fit: "cover" };

/** sharp as its documentation shows it: one pipeline a file, a clone a size. */
async function documented(file, save) {
  const source = sharp(file, { sequentialRead: true }).rotate();
  await Promise.all(SIZES.map(([width, height]) => save(source.clone().resize(width, height, COVER), width, height)));
}

/** sharp at its cleverest: one decode to raw pixels of the largest size, the others from those. */
async function clever(file, save) {
  const { data, info } = await sharp(file, { sequentialRead: true }).rotate().resize(...SIZES[0], COVER).raw().toBuffer({ resolveWithObject: true });
  const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
  await Promise.all(SIZES.map(([width, height], index) => {
    const image = sharp(data, raw);
    return save(index === 0 ? image : image.resize(width, height, COVER), width, height);
  }));
}

async function sharpWorker([way, task, concurrency, lanes, out, ...files]) {
  sharp.concurrency(Number(concurrency));
  sharp.cache(false);
  const queue = [...files];
  const make = way === "clever" ? clever : documented;
  await Promise.all(Array.from({ length: Number(lanes) }, async () => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      await make(file, (image, width, height) => ENCODE[task](image).toFile(join(out, `${stem(file)}_${width}x${height}.${EXTENSION[task]}`)));
    }
  }));
}

/** The most memory a process and its children had at one time, in MiB: proportional set size, what they share counted once. */
function watchMemory(pid) {
  let most = 0;
  const look = (id) => {
    try {
      const own = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, "utf8"))?.[1] ?? 0);
      const children = readdirSync(`/proc/${id}/task`).flatMap((task) => readFileSync(`/proc/${id}/task/${task}/children`, "utf8").split(" ").filter(Boolean));
      return own + children.reduce((sum, child) => sum + look(child), 0);
    } catch {
      return 0; // Ended meanwhile, or no such system: what was seen counts.
    }
  };
  const timer = setInterval(() => (most = Math.max(most, look(pid))), 25);
  return () => (clearInterval(timer), most / 1024);
}

async function measure(command, args, expected) {
  const out = mkdtempSync(join(scratch, "out-"));
  const start = process.hrtime.bigint();
  const child = spawn(command, args(out), { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, TINTYPE_HOME: join(scratch, "home") } });
  const memory = watchMemory(child.pid);
  let told = "";
  child.stderr.on("data", (text) => (told += text));
  const status = await new Promise((resolve) => child.on("close", resolve));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const mib = memory();
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${told}`);
  const made = readdirSync(out);
  if (expected && made.length !== expected) throw new Error(`${command} made ${made.length} of ${expected} files`);
  return { seconds, mib, out, bytes: made.reduce((sum, name) => sum + statSync(join(out, name)).size, 0) };
}

const ours = (task, quality, option = "") => (files) => {
  const format = task === "baseline" || task === "progressive" ? "jpeg" : task;
  const options = (task === "baseline" ? ":baseline" : "") + option;
  const specs = SIZES.flatMap(([width, height]) => ["--spec", `${width}x${height}:cover:${format}:${quality}${options}`]);
  return measure(tintype, (out) => ["variants", ...specs, "--out", out, ...files], files.length * SIZES.length);
};
const theirs = (way, task, concurrency, lanes) => (files) =>
  measure(process.execPath, (out) => [self, tintype, instrument, photos, way, task, concurrency, lanes, out, ...files], files.length * SIZES.length);
const decodeAlone = (files) => measure(instrument, () => ["decode", "2", ...files], 0);

function score(out) {
  const done = spawnSync(instrument, ["score", photos, out, ...NAMES], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
  const scores = JSON.parse(done.stdout);
  return NAMES.map((name) => scores[name]);
}

/** Runs everybody in turn, `rounds` times; the outputs of the last round are scored. */
async function compare(title, runners, files, { rounds = ROUNDS, scored = true } = {}) {
  const results = Object.fromEntries(Object.keys(runners).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name in runners) {
      const done = await runners[name](files);
      const before = results[name].at(-1);
      if (before) rmSync(before.out, { recursive: true });
      results[name].push(done);
    }
  }
  console.log(`\n${title} (${files.length} photographs, medians of ${rounds})`);
  const seconds = {};
  for (const name in results) {
    const last = results[name].at(-1);
    seconds[name] = median(results[name].map((r) => r.seconds));
    const points = scored && last.bytes ? `   SSIMULACRA2 ${score(last.out).map((n) => n.toFixed(2)).join(" ")}` : "";
    const size = last.bytes ? `   ${(last.bytes / 1e6).toFixed(3)} MB` : "";
    console.log(`  ${name.padEnd(30)} ${seconds[name].toFixed(2)} s   ${median(results[name].map((r) => r.mib)).toFixed(0)} MiB${size}${points}`);
    rmSync(last.out, { recursive: true });
  }
  return seconds;
}
const ratio = (text, value, goal) => console.log(`  → ${text}: ${value.toFixed(2)} × (goal ${goal})`);

/** sharp's concurrency and the number of files at once are its user's choice: the best of them counts. */
const SHARP_MODES = [[1, 2], [2, 1], [2, 2]];
const sharps = (way, task) => Object.fromEntries(SHARP_MODES.map(([c, l]) => [`sharp ${way}, ${c} threads, ${l} files`, theirs(way, task, c, l)]));
const best = (seconds, prefix) => Math.min(...Object.entries(seconds).filter(([name]) => name.startsWith(prefix)).map(([, s]) => s));

async function jpegFolders(files) {
  for (const task of ["baseline", "progressive"]) {
    const runners = { tintype: ours(task, 80), "scaled decode alone": decodeAlone, ...sharps("documented", task), ...sharps("clever", task) };
    const seconds = await compare(`JPEG, ${task}, quality 80, 800x600 400x300 200x150`, runners, files);
    ratio("sharp as documented / tintype", best(seconds, "sharp documented") / seconds.tintype, "≥ 3.5");
    ratio("sharp at its cleverest / tintype", best(seconds, "sharp clever") / seconds.tintype, "≥ 2");
    ratio("tintype / scaled decode alone", seconds.tintype / seconds["scaled decode alone"], "≤ 1.25");
  }
}

/** sharp's own benchmark: a 2725 × 2225 JPEG to 720 × 588 in memory, one thread each. */
async function inMemory(files) {
  const file = join(scratch, "one.jpg");
  await sharp(files.at(-1)).rotate().resize(2725, 2225, COVER).jpeg({ quality: 90 }).toFile(file);
  const input = readFileSync(file);
  sharp.concurrency(1);
  const times = { sharp: [], tintype: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const rounds = [];
    for (let n = 0; n < 20; n++) {
      const start = process.hrtime.bigint();
      await sharp(input).resize(720, 588, { fit: "fill" }).jpeg({ quality: 80 }).toBuffer();
      rounds.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    times.sharp.push(median(rounds));
    const done = spawnSync(instrument, ["one", file, "20", "v=720x588:fill:jpeg:80:baseline"], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(done.stderr);
    times.tintype.push(Number(done.stdout));
  }
  console.log(`\nOne 2725×2225 JPEG to 720×588 in memory, one thread (medians of ${ROUNDS} × 20)`);
  for (const name in times) console.log(`  ${name.padEnd(10)} ${median(times[name]).toFixed(1)} ms`);
  ratio("sharp / tintype", median(times.sharp) / median(times.tintype), "≥ 1.6");
}

/** The setting `best` at the quality that scores as the default's 80. */
async function effort(files) {
  const few = files.slice(0, 12);
  const plain = await ours("progressive", 80)(few);
  const aim = score(plain.out);
  const mean = (points) => points.reduce((sum, n) => sum + n, 0) / points.length;
  for (let quality = 70; quality <= 90; quality++) {
    const done = await ours("progressive", quality, ":effort=best")(few);
    const points = score(done.out);
    if (mean(points) < mean(aim)) continue;
    console.log(`\nJPEG, effort=best at equal score (${few.length} photographs)`);
    console.log(`  normal q80 ${(plain.bytes / 1e6).toFixed(3)} MB, ${mean(aim).toFixed(2)}; best q${quality} ${(done.bytes / 1e6).toFixed(3)} MB, ${mean(points).toFixed(2)}, ${(done.seconds / plain.seconds).toFixed(1)} × the time`);
    console.log(`  → smaller by ${(100 * (1 - done.bytes / plain.bytes)).toFixed(1)} % (goal ≥ 15 %)`);
    return;
  }
}

async function formats(files) {
  const webp = await compare("WebP, quality 80", { tintype: ours("webp", 80), ...sharps("documented", "webp") }, files, { rounds: 3 });
  ratio("sharp / tintype", best(webp, "sharp") / webp.tintype, "≥ 2");
  const avif = await compare("AVIF (sharp: quality 50, effort 2)", { tintype: ours("avif", 50), ...sharps("documented", "avif") }, files.slice(0, 12), { rounds: 1 });
  ratio("sharp / tintype", best(avif, "sharp") / avif.tintype, "≥ 1.5, at equal score and bytes");
  const drawn = join(scratch, "drawn");
  mkdirSync(drawn);
  for (const file of files.slice(0, 8)) {
    const oval = Buffer.from('<svg width="1600" height="1200"><ellipse cx="800" cy="600" rx="760" ry="560"/></svg>');
    await sharp(file).rotate().resize(1600, 1200, COVER).ensureAlpha().composite([{ input: oval, blend: "dest-in" }]).png().toFile(join(drawn, `${stem(file)}.png`));
  }
  const pngs = readdirSync(drawn).map((name) => join(drawn, name));
  const png = await compare("PNG with alpha", { tintype: ours("png", 80), ...sharps("documented", "png") }, pngs, { rounds: 3, scored: false });
  ratio("sharp / tintype", best(png, "sharp") / png.tintype, "≥ 1.5");
}

/** Time for each photograph and memory of 10, 100 and 1,000 files. */
async function many(files) {
  console.log("\nProgressive JPEG by number of photographs");
  for (const count of [10, 100, 1000]) {
    const folder = join(scratch, `many-${count}`);
    mkdirSync(folder);
    // The same mix each time: ten photographs, again and again.
    const named = Array.from({ length: count }, (_, n) => [files[n % 10], join(folder, `${String(n).padStart(4, "0")}.jpg`)]);
    for (const [from, to] of named) copyFileSync(from, to);
    const done = await ours("progressive", 80)(named.map(([, to]) => to));
    console.log(`  ${String(count).padStart(5)}: ${((1000 * done.seconds) / count).toFixed(1)} ms each, ${done.mib.toFixed(0)} MiB`);
    rmSync(folder, { recursive: true });
    rmSync(done.out, { recursive: true });
  }
}

if (worker.length) {
  await sharpWorker(worker);
} else {
  const files = jpegs(photos);
  const only = process.env.TINTYPE_BENCH?.split(",") ?? ["folders", "one", "effort", "formats", "many"];
  if (only.includes("folders")) await jpegFolders(files);
  if (only.includes("one")) await inMemory(files);
  if (only.includes("effort")) await effort(files);
  if (only.includes("formats")) await formats(files);
  if (only.includes("many")) await many(files);
  rmSync(scratch, { recursive: true });
}
