// A row of logits, read once: the law's log-sum, entropy and varentropy, its most probable tokens and the tail.
//
// A block takes a row. Each thread keeps the maximum so far and three sums relative to it (online softmax); each warp
// keeps the best tokens so far, one a lane, best first. What a row's best k-th reaches in any warp is the floor that
// all warps hold new tokens against. Both are merged at the end, in a fixed order.
//
// Invariant. The listed tokens are those of largest logit, ties to the lower id, whatever the order of the threads;
// sums are formed in an order that depends on the vocabulary alone.

// Weights w = exp(l - top): sum of w, of w (l - top), of w (l - top)^2.
struct Sums {
    float top, s0, s1, s2;
};

struct Entry {
    float value;
    u32 id;
};

__device__ __forceinline__ bool is_before(float value, u32 id, Entry other) {
    return value > other.value || (value == other.value && id < other.id);
}

// A float's bits in an order that integers keep.
__device__ __forceinline__ int ordered(float value) {
    int bits = __float_as_int(value);
    return bits >= 0 ? bits : bits ^ 0x7fffffff;
}

__device__ __forceinline__ float unordered(int bits) {
    return __int_as_float(bits >= 0 ? bits : bits ^ 0x7fffffff);
}

__device__ __forceinline__ void raise(Sums &sums, float top) {
    if (top > sums.top) {
        if (sums.s0 > 0.0f) {
            float shift = sums.top - top;
            float scale = exp2f(shift * LOG2_E);
            sums.s2 = scale * (sums.s2 + shift * (2.0f * sums.s1 + shift * sums.s0));
            sums.s1 = scale * (sums.s1 + shift * sums.s0);
            sums.s0 = scale * sums.s0;
        }
        sums.top = top;
    }
}

__device__ __forceinline__ void add(Sums &sums, float logit) {
    // A logit of minus infinity has weight zero, and zero times infinity is none.
    float distance = fmaxf(logit - sums.top, -1000.0f);
    float weight = exp2f(distance * LOG2_E);
    float first = weight * distance;
    sums.s0 += weight;
    sums.s1 += first;
    sums.s2 += first * distance;
}

// Takes what the lanes offer into the warp's list of `count`.
__device__ __forceinline__ void offer(Entry &mine, Entry &last, float value, u32 id, bool has, int count) {
    int lane = threadIdx.x & 31;
    u32 offers = __ballot_sync(ALL_LANES, has && is_before(value, id, last));
    while (offers != 0) {
        int from = __ffs(offers) - 1;
        offers &= offers - 1;
        float new_value = __shfl_sync(ALL_LANES, value, from);
        u32 new_id = __shfl_sync(ALL_LANES, id, from);
        if (!is_before(new_value, new_id, last)) {
            continue;
        }
        u32 behind = __ballot_sync(ALL_LANES, is_before(new_value, new_id, mine));
        int place = __ffs(behind) - 1;
        float up_value = __shfl_up_sync(ALL_LANES, mine.value, 1);
        u32 up_id = __shfl_up_sync(ALL_LANES, mine.id, 1);
        if (lane > place) {
            mine.value = up_value;
            mine.id = up_id;
        } else if (lane == place) {
            mine.value = new_value;
            mine.id = new_id;
        }
        last.value = __shfl_sync(ALL_LANES, mine.value, count - 1);
        last.id = __shfl_sync(ALL_LANES, mine.id, count - 1);
    }
}

// Sixteen bytes of logits.
template <typename T> struct Pack;
template <> struct Pack<float> {
    static const int WIDTH = 4;
    static __device__ __forceinline__ void unpack(uint4 raw, float *out) {
        out[0] = __int_as_float((int)raw.x);
        out[1] = __int_as_float((int)raw.y);
        out[2] = __int_as_float((int)raw.z);
        out[3] = __int_as_float((int)raw.w);
    }
};
template <> struct Pack<u16> {
    static const int WIDTH = 8;
    static __device__ __forceinline__ void unpack(uint4 raw, float *out) {
        u32 words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
        for (int at = 0; at < 4; at++) {
            out[2 * at] = __int_as_float((int)(words[at] << 16));
            out[2 * at + 1] = __int_as_float((int)(words[at] & 0xffff0000u));
        }
    }
};

// Loads in flight a thread.
#define DEPTH 4

template <typename T>
__device__ __forceinline__ void law_row(const T *logits, u32 vocabulary, u32 count, u32 *ids, float *log_probs,
                                        float *tails, float *stats) {
    __shared__ int floor_bits;
    __shared__ float list_values[ROW_WARPS][32];
    __shared__ u32 list_ids[ROW_WARPS][32];
    __shared__ double parts[ROW_WARPS][4];
    const int WIDTH = Pack<T>::WIDTH;
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    u64 row = blockIdx.x;
    const T *values = logits + row * vocabulary;
    if (threadIdx.x == 0) {
        floor_bits = ordered(MINUS_INFINITY);
    }
    __syncthreads();
    volatile int *floor_now = &floor_bits;

    Sums sums = {MINUS_INFINITY, 0.0f, 0.0f, 0.0f};
    Entry mine = {MINUS_INFINITY, 0xffffffffu}, last = mine;
    // Tokens before the first sixteen-byte boundary and after the last are taken one by one, by the first warp.
    u32 head = (u32)((16 - (u64)values % 16) % 16 / sizeof(T));
    head = head < vocabulary ? head : vocabulary;
    u32 packs = (vocabulary - head) / WIDTH;
    u32 loose = vocabulary - packs * WIDTH;
    if (warp == 0) {
        u32 id = (u32)lane < head ? lane : lane + packs * WIDTH;
        bool has = (u32)lane < loose;
        float value = has ? widen(values[id]) : MINUS_INFINITY;
        if (has) {
            raise(sums, value);
            add(sums, value);
        }
        offer(mine, last, value, id, has, count);
    }
    const uint4 *packed = (const uint4 *)(values + head);
    u32 rounds = (packs + ROW_THREADS * DEPTH - 1) / (ROW_THREADS * DEPTH);
    for (u32 round = 0; round < rounds; round++) {
        u32 first = round * ROW_THREADS * DEPTH + threadIdx.x;
        uint4 raw[DEPTH];
#pragma unroll
        for (int at = 0; at < DEPTH; at++) {
            u32 pack = first + at * ROW_THREADS;
            if (pack < packs) {
                raw[at] = packed[pack];
            }
        }
#pragma unroll
        for (int at = 0; at < DEPTH; at++) {
            u32 pack = first + at * ROW_THREADS;
            bool has = pack < packs;
            float out[WIDTH];
            float most = MINUS_INFINITY;
            if (has) {
                Pack<T>::unpack(raw[at], out);
#pragma unroll
                for (int i = 0; i < WIDTH; i++) {
                    most = fmaxf(most, out[i]);
                }
                raise(sums, most);
#pragma unroll
                for (int i = 0; i < WIDTH; i++) {
                    add(sums, out[i]);
                }
            }
            float least = fmaxf(last.value, unordered(*floor_now));
            if (__any_sync(ALL_LANES, has && most >= least)) {
#pragma unroll
                for (int i = 0; i < WIDTH; i++) {
                    float value = has ? out[i] : MINUS_INFINITY;
                    offer(mine, last, value, head + pack * WIDTH + i, has && value >= least, count);
                }
                if (lane == 0 && last.value > unordered(*floor_now)) {
                    atomicMax(&floor_bits, ordered(last.value));
                }
            }
        }
    }

    // The warp's sums, relative to its largest logit; from here on in doubles.
    float top = sums.top;
    for (int step = 16; step > 0; step >>= 1) {
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, step));
    }
    double shift = sums.s0 > 0.0f ? (double)sums.top - (double)top : 0.0;
    double scale = exp(shift);
    double s0 = sums.s0, s1 = sums.s1, s2 = sums.s2;
    s2 = warp_sum(scale * (s2 + shift * (2.0 * s1 + shift * s0)));
    s1 = warp_sum(scale * (s1 + shift * s0));
    s0 = warp_sum(scale * s0);
    if (lane == 0) {
        parts[warp][0] = top;
        parts[warp][1] = s0;
        parts[warp][2] = s1;
        parts[warp][3] = s2;
    }
    list_values[warp][lane] = mine.value;
    list_ids[warp][lane] = mine.id;
    __syncthreads();
    if (warp != 0) {
        return;
    }
    for (int other = 1; other < ROW_WARPS; other++) {
        offer(mine, last, list_values[other][lane], list_ids[other][lane],
              (u32)lane < count && list_ids[other][lane] != 0xffffffffu, count);
    }
    double all_top = parts[0][0], sum0 = 0.0, sum1 = 0.0, sum2 = 0.0;
    for (int other = 1; other < ROW_WARPS; other++) {
        all_top = fmax(all_top, parts[other][0]);
    }
    for (int other = 0; other < ROW_WARPS; other++) {
        double part0 = parts[other][1], part1 = parts[other][2], part2 = parts[other][3];
        if (part0 > 0.0) {
            double down = parts[other][0] - all_top;
            double by = exp(down);
            sum0 += by * part0;
            sum1 += by * (part1 + down * part0);
            sum2 += by * (part2 + down * (2.0 * part1 + down * part0));
        }
    }
    float log_sum = (float)log(sum0);
    bool is_listed = (u32)lane < count && mine.id != 0xffffffffu;
    float distance = mine.value - (float)all_top;
    double listed = warp_sum(is_listed ? exp((double)distance) / sum0 : 0.0);
    if ((u32)lane < count) {
        ids[row * count + lane] = mine.id;
        log_probs[row * count + lane] = distance - log_sum;
    }
    if (lane == 0) {
        double mean = sum1 / sum0;
        tails[row] = (float)fmax(1.0 - listed, 0.0);
        stats[4 * row] = (float)all_top;
        stats[4 * row + 1] = log_sum;
        stats[4 * row + 2] = (float)(log(sum0) - mean);
        stats[4 * row + 3] = (float)fmax(sum2 / sum0 - mean * mean, 0.0);
    }
}

extern "C" __global__ void __launch_bounds__(ROW_THREADS)
    law_f32(const float *logits, u32 vocabulary, u32 count, u32 *ids, float *log_probs, float *tails, float *stats) {
    law_row<float>(logits, vocabulary, count, ids, log_probs, tails, stats);
}

extern "C" __global__ void __launch_bounds__(ROW_THREADS)
    law_bf16(const u16 *logits, u32 vocabulary, u32 count, u32 *ids, float *log_probs, float *tails, float *stats) {
    law_row<u16>(logits, vocabulary, count, ids, log_probs, tails, stats);
}
