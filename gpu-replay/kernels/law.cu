// A row of logits, read once: the law's log-sum, entropy and varentropy, its most probable tokens and the tail.
//
// A block takes a row, chunk by chunk. Each thread keeps the maximum so far and three sums relative to it (online
// softmax). The first warp keeps the row's best tokens so far, one a lane, best first; the last of them is the floor. A
// chunk's tokens above the floor are laid into a buffer, and when it holds enough the first warp sorts them in. Where
// more than 32 threads have such a token, as in the first chunk, the floor is raised before: to the count-th best of the
// threads' own best, above which no more than 32 threads can have anything.
//
// Invariant. The listed tokens are those of largest logit, ties to the lower id, whatever the order of the threads;
// sums are formed in an order that depends on the vocabulary alone.

// Logits are minus infinity or larger than this.
#define LEAST_TOP -1e30f
// A base stands until a logit exceeds its own by so much: weights are then 2^12 at most, and few threads ever move it.
#define STEP 8.0f

// Weights w = 2^x, x = l log2(e) - base: sum of w, of w x, of w x^2. The base is that of an early logit.
struct Sums {
    float top, limit, base, s0, s1, s2;
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

// Makes the logit `top` that of the base.
__device__ __forceinline__ void raise(Sums &sums, float top) {
    float base = top * LOG2_E;
    if (sums.s0 > 0.0f) {
        float shift = sums.base - base;
        float scale = exp2f(shift);
        sums.s2 = scale * (sums.s2 + shift * (2.0f * sums.s1 + shift * sums.s0));
        sums.s1 = scale * (sums.s1 + shift * sums.s0);
        sums.s0 = scale * sums.s0;
    }
    sums.limit = top + STEP;
    sums.base = base;
}

// Adds logits that are no larger than the limit, among themselves first: fewer roundings on the way to a long sum. One of
// minus infinity has weight zero, and zero times infinity is no number; nothing below a thousand powers of two has weight.
template <int COUNT> __device__ __forceinline__ void add(Sums &sums, const float *logits) {
    float p0 = 0.0f, p1 = 0.0f, p2 = 0.0f;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
        float x = fmaxf(fmaf(logits[i], LOG2_E, -sums.base), -1000.0f);
        float weight = exp2f(x);
        float first = weight * x;
        p0 += weight;
        p1 += first;
        p2 = fmaf(first, x, p2);
    }
    sums.s0 += p0;
    sums.s1 += p1;
    sums.s2 += p2;
}

// Sixteen bytes of logits, and how many of them a thread has in flight.
template <typename T> struct Pack;
template <> struct Pack<float> {
    static const int WIDTH = 4, DEPTH = 4;
    static __device__ __forceinline__ void unpack(uint4 raw, float *out) {
        out[0] = __int_as_float((int)raw.x);
        out[1] = __int_as_float((int)raw.y);
        out[2] = __int_as_float((int)raw.z);
        out[3] = __int_as_float((int)raw.w);
    }
};
template <> struct Pack<u16> {
    static const int WIDTH = 8, DEPTH = 2;
    static __device__ __forceinline__ void unpack(uint4 raw, float *out) {
        u32 words[4] = {raw.x, raw.y, raw.z, raw.w};
#pragma unroll
        for (int at = 0; at < 4; at++) {
            out[2 * at] = __int_as_float((int)(words[at] << 16));
            out[2 * at + 1] = __int_as_float((int)(words[at] & 0xffff0000u));
        }
    }
};

// Calls `use` with the logits of each pack that the thread holds in this round, and with the pack's number.
template <typename T, typename Use>
__device__ __forceinline__ void each_pack(const uint4 *raw, u32 first, u32 packs, Use use) {
#pragma unroll
    for (int at = 0; at < Pack<T>::DEPTH; at++) {
        u32 pack = first + at * ROW_THREADS;
        if (pack < packs) {
            float out[Pack<T>::WIDTH];
            Pack<T>::unpack(raw[at], out);
            use(out, pack);
        }
    }
}

// Buffered tokens that are worth a merge.
#define WORTH 32

// What the threads of a block share while they list.
template <typename T> struct Listing {
    u64 floor;
    int buffered;
    // What is not worth a merge, and all tokens of 32 threads.
    u64 buffer[WORTH + 32 * Pack<T>::DEPTH * Pack<T>::WIDTH];
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

// Sorts the buffer into the first warp's list, which that warp alone calls.
template <typename T>
__device__ __forceinline__ u64 merge_buffer(Listing<T> *shared, u64 list, u32 count) {
    int lane = threadIdx.x & 31, buffered = shared->buffered;
    for (int from = 0; from < buffered; from += 32) {
        u64 key = from + lane < buffered ? shared->buffer[from + lane] : 0;
        list = merge_falling(list, sort_falling(key));
    }
    u64 last = __shfl_sync(ALL_LANES, list, count - 1);
    if (lane == 0) {
        shared->floor = larger(shared->floor, last);
        shared->buffered = 0;
    }
    return list;
}

template <typename T>
__device__ __forceinline__ void law_row(const T *logits, u32 vocabulary, u32 count, u32 *ids, float *log_probs,
                                        float *tails, float *stats) {
    __shared__ Listing<T> shared;
    __shared__ double parts[ROW_WARPS][5];
    const int WIDTH = Pack<T>::WIDTH, DEPTH = Pack<T>::DEPTH;
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    u64 row = blockIdx.x;
    const T *values = logits + row * vocabulary;

    Sums sums = {MINUS_INFINITY, LEAST_TOP, LEAST_TOP * LOG2_E, 0.0f, 0.0f, 0.0f};
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
            if (value > sums.limit) {
                raise(sums, value);
                add<1>(sums, &value);
            }
            sums.top = value;
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
        // Written behind the barriers of other rounds alone, so all threads read the same.
        u64 floor = shared.floor;
        int pending = shared.buffered;
        float most = MINUS_INFINITY;
        each_pack<T>(raw, first, packs, [&](const float *out, u32) {
            float top = out[0];
#pragma unroll
            for (int i = 1; i < WIDTH; i++) {
                top = fmaxf(top, out[i]);
            }
            most = fmaxf(most, top);
            if (top > sums.limit) {
                raise(sums, top);
            }
            add<WIDTH>(sums, out);
        });
        sums.top = fmaxf(sums.top, most);
        bool is_hot = first < packs && (floor == 0 || most >= value_of(floor));
        int hot = __syncthreads_count(is_hot);
        if (hot == 0) {
            continue;
        }
        if (pending >= WORTH) {
            if (warp == 0) {
                list = merge_buffer(&shared, list, count);
            }
            __syncthreads();
            floor = shared.floor;
        }
        if (hot > 32) {
            u64 best = 0;
            if (is_hot) {
                each_pack<T>(raw, first, packs, [&](const float *out, u32 pack) {
#pragma unroll
                    for (int i = 0; i < WIDTH; i++) {
                        best = larger(best, key_of(out[i], head + pack * WIDTH + i));
                    }
                });
            }
            raise_floor(&shared, best, count);
            floor = shared.floor;
            is_hot = best > floor;
        }
        if (is_hot) {
            float least = floor == 0 ? MINUS_INFINITY : value_of(floor);
            each_pack<T>(raw, first, packs, [&](const float *out, u32 pack) {
#pragma unroll
                for (int i = 0; i < WIDTH; i++) {
                    if (out[i] >= least) {
                        u64 key = key_of(out[i], head + pack * WIDTH + i);
                        if (key > floor) {
                            shared.buffer[atomicAdd(&shared.buffered, 1)] = key;
                        }
                    }
                }
            });
        }
        __syncthreads();
    }
    if (warp == 0) {
        list = merge_buffer(&shared, list, count);
    }

    // The warp's sums, relative to its largest logit; from here on in doubles.
    float top = sums.top, base = sums.base;
    for (int step = 16; step > 0; step >>= 1) {
        top = fmaxf(top, __shfl_xor_sync(ALL_LANES, top, step));
        base = fmaxf(base, __shfl_xor_sync(ALL_LANES, base, step));
    }
    double shift = sums.s0 > 0.0f ? (double)sums.base - (double)base : 0.0;
    double scale = exp2(shift);
    double s0 = sums.s0, s1 = sums.s1, s2 = sums.s2;
    s2 = warp_sum(scale * (s2 + shift * (2.0 * s1 + shift * s0)));
    s1 = warp_sum(scale * (s1 + shift * s0));
    s0 = warp_sum(scale * s0);
    if (lane == 0) {
        parts[warp][0] = top;
        parts[warp][1] = base;
        parts[warp][2] = s0;
        parts[warp][3] = s1;
        parts[warp][4] = s2;
    }
    __syncthreads();
    if (warp != 0) {
        return;
    }
    double all_top = parts[0][0], all_base = parts[0][1], sum0 = 0.0, sum1 = 0.0, sum2 = 0.0;
    for (int other = 1; other < ROW_WARPS; other++) {
        all_top = fmax(all_top, parts[other][0]);
        all_base = fmax(all_base, parts[other][1]);
    }
    for (int other = 0; other < ROW_WARPS; other++) {
        double part0 = parts[other][2], part1 = parts[other][3], part2 = parts[other][4];
        if (part0 > 0.0) {
            double down = parts[other][1] - all_base;
            double by = exp2(down);
            sum0 += by * part0;
            sum1 += by * (part1 + down * part0);
            sum2 += by * (part2 + down * (2.0 * part1 + down * part0));
        }
    }
    // From the base to the largest logit.
    double log_sum = log(sum0) - (all_top * (double)LOG2_E - all_base) * LN_2;
    double mean = sum1 / sum0;
    bool is_listed = (u32)lane < count && list != 0;
    float distance = is_listed ? value_of(list) - (float)all_top : MINUS_INFINITY;
    double listed = warp_sum(is_listed ? exp((double)distance - log_sum) : 0.0);
    if ((u32)lane < count) {
        ids[row * count + lane] = id_of(list);
        log_probs[row * count + lane] = distance - (float)log_sum;
    }
    if (lane == 0) {
        tails[row] = (float)fmax(1.0 - listed, 0.0);
        stats[4 * row] = (float)all_top;
        stats[4 * row + 1] = (float)log_sum;
        stats[4 * row + 2] = (float)(log(sum0) - mean * LN_2);
        stats[4 * row + 3] = (float)fmax((sum2 / sum0 - mean * mean) * (LN_2 * LN_2), 0.0);
    }
}

extern "C" __global__ void __launch_bounds__(ROW_THREADS, ROW_BLOCKS)
    law_f32(const float *logits, u32 vocabulary, u32 count, u32 *ids, float *log_probs, float *tails, float *stats) {
    law_row<float>(logits, vocabulary, count, ids, log_probs, tails, stats);
}

extern "C" __global__ void __launch_bounds__(ROW_THREADS, ROW_BLOCKS)
    law_bf16(const u16 *logits, u32 vocabulary, u32 count, u32 *ids, float *log_probs, float *tails, float *stats) {
    law_row<u16>(logits, vocabulary, count, ids, log_probs, tails, stats);
}
