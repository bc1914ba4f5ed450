// Tokens a second of llama.cpp on a file, beside those of `stakeout-calibrate bench` on the same file and threads.
//
//   npm install --omit=optional --ignore-scripts node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1
//   node compare-llama.mjs MODEL.gguf [THREADS] [ROUNDS]      from the folder that npm installed into
//
// 85 MB, all of it outside this repository, which needs none of it. The package carries llama.cpp compiled for several
// processors and loads the one that fits. Its prefill computes logits of the last position alone, ours of all. On one
// thread the times are the processor's own, which other work on the machine disturbs least; on more, those of the clock.
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const PREFILL = 128, DECODE = 32;
const [path, threads = "2", rounds = "5"] = process.argv.slice(2);
if (path === undefined) {
    console.error("usage: node compare-llama.mjs MODEL.gguf [THREADS] [ROUNDS]");
    process.exit(2);
}

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error});
const model = await llama.loadModel({modelPath: path});
const context = await model.createContext({contextSize: 512, batchSize: 512, threads: Number(threads)});
const sequence = context.getSequence();
const vocabulary = model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 32_000;
const text = Array.from({length: PREFILL}, (_, at) => (at * 7) % vocabulary);

const now = () => {
    const {user, system} = process.cpuUsage();
    return threads === "1" ? (user + system) / 1000 : performance.now();
};
const prefill = [], decode = [];
for (let round = 0; round <= Number(rounds); round++) {
    await sequence.clearHistory();
    let begin = now();
    await sequence.evaluateWithoutGeneratingNewTokens(text);
    prefill.push((PREFILL * 1000) / (now() - begin));
    let written = 0;
    begin = now();
    for await (const _ of sequence.evaluate([1], {temperature: 0, yieldEogToken: true})) {
        if (++written === DECODE) {
            break;
        }
    }
    decode.push((written * 1000) / (now() - begin));
}

console.log(`| llama.cpp, threads: ${threads} | tokens/s (range) |`);
console.log("|---|---|");
for (const [what, values] of [["prefill", prefill], ["decode", decode]]) {
    // The first round warms up.
    const sorted = values.slice(1).sort((a, b) => a - b);
    const [median, low, high] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
    console.log(`| ${what} | ${median.toFixed(0)} (${low.toFixed(0)} to ${high.toFixed(0)}) |`);
}
await llama.dispose();
