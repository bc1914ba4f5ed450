// A row of logits, read once: the law's log-sum, entropy and varentropy, its most probable tokens and the tail.
//
// A block takes a row, chunk by chunk. Each thread keeps the maximum so far and three sums relative to it (online
// softmax). The first warp keeps the row's best tokens so far, one a lane, best first; the last of them is the floor. A
// chunk's tokens above the floor are laid into a buffer, and the first warp sorts them in. Where more than 32 threads
// have such a token, as in the first chunk, the floor is raised before: to the count-th best of the threads' own best,
// above which no more than 32 threads can have anything.
//
// Invariant. The listed tokens are those of largest logit, ties to the lower id, whatever the order of the threads;
// sums are formed in an order that depends on the vocabulary alone.

// Weights w = exp(l - top): sum of w, of w (l - top), of w (l - top)^2.
struct Sums {
    float top, s0, s1, s2;
};

// A token as one number: the larger the better, ties to the lower id, none below all. Zero has one sign here.
__device__ __forceinline__ u64 key_of(float value, u32 id) {
    u32 bits = (u32)__float_as_int(value + 0.0f);
    bits = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
    return (u64)bits << 32 | (u32)~id;
}

__device__ __forceinline__ float value_of(u64 key) {
    u32 bits = (u32)(key >> 32);
    bits = (bits & 0x80000000u) != 0 ? bits & 0x7fffffffu : ~bits;
    return __int_as_float((int)bits);
}

__device__ __forceinline__ u32 id_of(u64 key) { return ~(u32)key; }

__device__ __forceinline__ u64 larger(u64 a, u64 b) { return a > b ? a : b; }
__device__ __forceinline__ u64 smaller(u64 a, u64 b) { return a < b ? a : b; }

// One exchange of a sorting network: lanes `apart` from each other, the larger to the lower lane if `is_falling`.
__device__ __forceinline__ u64 exchange_keys(u64 key, int apart, bool is_falling) {
    u64 other = __shfl_xor_sync(ALL_LANES, key, apart);
    bool is_lower = (threadIdx.x & apart) == 0;
    return is_lower == is_falling ? larger(key, other) : smaller(key, other);
}

// The warp's keys, largest in lane 0.
__device__ __forceinline__ u64 sort_falling(u64 key) {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int size = 2; size <= 32; size *= 2) {
#pragma unroll
        for (int apart = size / 2; apart > 0; apart /= 2) {
            key = exchange_keys(key, apart, (lane & size) == 0);
        }
    }
    return key;
}

// The 32 largest of two falling lists, falling.
__device__ __forceinline__ u64 merge_falling(u64 list, u64 other) {
    u64 key = larger(list, __shfl_xor_sync(ALL_LANES, other, 31));
#pragma unroll
    for (int apart = 16; apart > 0; apart /= 2) {
        key = exchange_keys(key, apart, true);
    }
    return key;
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
// Tokens above the floor that one chunk can have: all of 32 threads.
#define BUFFERED(T) (32 * DEPTH * Pack<T>::WIDTH)

// What the threads of a block share while they list.
template <typename T> struct Listing {
    u64 floor;
    int buffered;
    u64 buffer[BUFFERED(T)];
    u64 sorted[ROW_WARPS][32];
};

// The count-th best of the threads' own best tokens, to `floor`.
template <typename T>
__device__ __noinline__ void raise_floor(Listing<T> *shared, u64 own_best, u32 count) {
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    shared->sorted[warp][lane] = sort_falling(own_best);
    __syncthreads();
    if (warp == 0) {
        u64 key = shared->sorted[0][lane];
        for (int other = 1; other < ROW_WARPS; other++) {
            key = merge_falling(key, shared->sorted[other][lane]);
        }
        key = __shfl_sync(ALL_LANES, key, count - 1);
        if (lane == 0) {
            // That token itself is to be buffered, too.
            shared->floor = larger(shared->floor, key - 1);
        }
    }
    __syncthreads();
}

template <typename T>
__device__ __forceinline__ void law_row(const T *logits, u32 vocabulary, u32 count, u32 *ids, float *log_probs,
                                        float *tails, float *stats) {
    __shared__ Listing<T> shared;
    __shared__ double parts[ROW_WARPS][4];
    const int WIDTH = Pack<T>::WIDTH;
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    u64 row = blockIdx.x;
    const T *values = logits + row * vocabulary;

    Sums sums = {MINUS_INFINITY, 0.0f, 0.0f, 0.0f};
    // The first warp's list. Tokens before the first sixteen-byte boundary and after the last are its beginning.
    u64 list = 0;
    u32 head = (u32)((16 - (u64)values % 16) % 16 / sizeof(T));
    head = head < vocabulary ? head : vocabulary;
    u32 packs = (vocabulary - head) / WIDTH;
    u32 loose = vocabulary - packs * WIDTH;
    if (warp == 0) {
        if ((u32)lane < loose) {
            u32 id = (u32)lane < head ? lane : lane + packs * WIDTH;
            float value = widen(values[id]);
            raise(sums, value);
            add(sums, value);
            list = key_of(value, id);
        }
        list = sort_falling(list);
        u64 last = __shfl_sync(ALL_LANES, list, count - 1);
        if (lane == 0) {
            shared.floor = last;
            shared.buffered = 0;
        }
    }
    __syncthreads();
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
        u64 floor = shared.floor;
        float most = MINUS_INFINITY;
#pragma unroll
        for (int at = 0; at < DEPTH; at++) {
            if (first + at * ROW_THREADS < packs) {
                float out[WIDTH];
                Pack<T>::unpack(raw[at], out);
                float top = out[0];
#pragma unroll
                for (int i = 1; i < WIDTH; i++) {
                    top = fmaxf(top, out[i]);
                }
                most = fmaxf(most, top);
                raise(sums, top);
#pragma unroll
                for (int i = 0; i < WIDTH; i++) {
                    add(sums, out[i]);
                }
            }
        }
        u64 best = 0;
        if (first < packs && (floor == 0 || most >= value_of(floor))) {
#pragma unroll
            for (int at = 0; at < DEPTH; at++) {
                u32 pack = first + at * ROW_THREADS;
                if (pack < packs) {
                    float out[WIDTH];
                    Pack<T>::unpack(raw[at], out);
#pragma unroll
                    for (int i = 0; i < WIDTH; i++) {
                        best = larger(best, key_of(out[i], head + pack * WIDTH + i));
                    }
                }
            }
        }
        int hot = __syncthreads_count(best > floor);
        if (hot == 0) {
            continue;
        }
        if (hot > 32) {
            raise_floor(&shared, best, count);
            floor = shared.floor;
        }
        if (best > floor) {
#pragma unroll
            for (int at = 0; at < DEPTH; at++) {
                u32 pack = first + at * ROW_THREADS;
                if (pack < packs) {
                    float out[WIDTH];
                    Pack<T>::unpack(raw[at], out);
#pragma unroll
                    for (int i = 0; i < WIDTH; i++) {
                        u64 key = key_of(out[i], head + pack * WIDTH + i);
                        if (key > floor) {
                            shared.buffer[atomicAdd(&shared.buffered, 1)] = key;
                        }
                    }
                }
            }
        }
        __syncthreads();
        if (warp == 0) {
            int buffered = shared.buffered;
            for (int from = 0; from < buffered; from += 32) {
                u64 key = from + lane < buffered ? shared.buffer[from + lane] : 0;
                list = merge_falling(list, sort_falling(key));
            }
            u64 last = __shfl_sync(ALL_LANES, list, count - 1);
            if (lane == 0) {
                shared.floor = larger(shared.floor, last);
                shared.buffered = 0;
            }
        }
        __syncthreads();
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
    __syncthreads();
    if (warp != 0) {
        return;
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
    bool is_listed = (u32)lane < count && list != 0;
    float distance = is_listed ? value_of(list) - (float)all_top : MINUS_INFINITY;
    double listed = warp_sum(is_listed ? exp((double)distance) / sum0 : 0.0);
    if ((u32)lane < count) {
        ids[row * count + lane] = id_of(list);
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
