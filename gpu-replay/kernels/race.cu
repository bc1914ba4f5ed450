// Which token the promised model would have drawn, and by how much a claimed one falls short: S2's margin.
//
// The contract's draw is a race: of each token runs E / p, E exponential from the stream keyed by (key, position,
// token), and the least wins. E = -ln u is at least 1 - u, so nearly all tokens lose without a logarithm; the few
// others are computed in doubles, as on the CPU. A block takes a row.
//
// Invariant. The winner is the token of least log(E / p), ties to the lower id; a token that singles give no
// probability has no chance and an infinite margin.

#define MULTIPLIER 0xD2B74407B1CE6E93ull
#define WEYL 0x9E3779B97F4A7C15ull

// What the first of seven rounds makes of the position, which all tokens of a row share.
struct Stream {
    u64 key, high, low;
};

__device__ __forceinline__ Stream stream_of(u64 key, u64 position) {
    Stream stream = {key, __umul64hi(position, MULTIPLIER), position * MULTIPLIER};
    return stream;
}

// The first word of the block (position, token): Philox2x64-7.
__device__ __forceinline__ u64 philox(Stream stream, u64 token) {
    u64 key = stream.key, left = stream.high ^ key ^ token, right = stream.low;
#pragma unroll
    for (int round = 1; round < 6; round++) {
        key += WEYL;
        u64 high = __umul64hi(left, MULTIPLIER);
        u64 low = left * MULTIPLIER;
        left = high ^ key ^ right;
        right = low;
    }
    return __umul64hi(left, MULTIPLIER) ^ (key + WEYL) ^ right;
}

__device__ __forceinline__ double race_of(u64 draw, float log_prob) {
    double unit = ((double)(draw >> 11) + 0.5) * 1.1102230246251565e-16;
    return log(-log(unit)) - (double)log_prob;
}

// The lesser of two runners, ties to the lower id.
__device__ __forceinline__ void lead(double &best, u32 &winner, double other, u32 other_id) {
    if (other < best || (other == best && other_id < winner)) {
        best = other;
        winner = other_id;
    }
}

__device__ __forceinline__ void warp_lead(double &best, u32 &winner) {
    for (int step = 16; step > 0; step >>= 1) {
        double other = __shfl_xor_sync(ALL_LANES, best, step);
        u32 other_id = __shfl_xor_sync(ALL_LANES, winner, step);
        lead(best, winner, other, other_id);
    }
}

template <typename T>
__device__ __forceinline__ void race_row(const T *logits, u32 vocabulary, const float *stats, const u64 *keys,
                                         const u32 *positions, const u32 *claims, u32 *winners, double *bests,
                                         double *margins) {
    __shared__ double warp_best[ROW_WARPS];
    __shared__ u32 warp_winner[ROW_WARPS];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    u64 row = blockIdx.x;
    const T *values = logits + row * vocabulary;
    float top = stats[4 * row], log_sum = stats[4 * row + 1];
    float scale = expf(-log_sum);
    Stream stream = stream_of(keys[row], positions[row]);
    double best = __longlong_as_double(0x7ff0000000000000ll);
    u32 winner = 0xffffffffu;
    // log2 of the least E that can win a token of weight 1.
    float reach = __int_as_float(0x7f800000);
    u32 rounds = (vocabulary + ROW_THREADS - 1) / ROW_THREADS;
    for (u32 round = 0; round < rounds; round++) {
        u32 token = round * ROW_THREADS + threadIdx.x;
        bool runs = false;
        float distance = 0.0f;
        u64 draw = 0;
        if (token < vocabulary) {
            distance = widen(values[token]) - top;
            draw = philox(stream, token);
            // The upper 24 bits of 1 - u: never more than it.
            float least = (float)(u32)(~draw >> 40) * 5.9604644775390625e-8f;
            runs = least <= exp2f(distance * LOG2_E + reach);
        }
        if (__any_sync(ALL_LANES, runs)) {
            if (runs && expf(distance) * scale > 0.0f) {
                lead(best, winner, race_of(draw, distance - log_sum), token);
            }
            warp_lead(best, winner);
            // A ten-thousandth more, for what singles round.
            reach = (float)(best * LOG2_E) - log_sum * LOG2_E + 2e-4f;
        }
    }
    if (lane == 0) {
        warp_best[warp] = best;
        warp_winner[warp] = winner;
    }
    __syncthreads();
    if (threadIdx.x != 0) {
        return;
    }
    for (int other = 1; other < ROW_WARPS; other++) {
        lead(best, winner, warp_best[other], warp_winner[other]);
    }
    u32 claim = claims[row];
    double margin = __longlong_as_double(0x7ff0000000000000ll);
    if (claim == winner) {
        margin = 0.0;
    } else if (claim < vocabulary) {
        float distance = widen(values[claim]) - top;
        if (expf(distance) * scale > 0.0f) {
            margin = fmax(race_of(philox(stream, claim), distance - log_sum) - best, 0.0);
        }
    }
    winners[row] = winner;
    bests[row] = best;
    margins[row] = margin;
}

extern "C" __global__ void __launch_bounds__(ROW_THREADS, ROW_BLOCKS)
    race_f32(const float *logits, u32 vocabulary, const float *stats, const u64 *keys, const u32 *positions,
             const u32 *claims, u32 *winners, double *bests, double *margins) {
    race_row<float>(logits, vocabulary, stats, keys, positions, claims, winners, bests, margins);
}

extern "C" __global__ void __launch_bounds__(ROW_THREADS, ROW_BLOCKS)
    race_bf16(const u16 *logits, u32 vocabulary, const float *stats, const u64 *keys, const u32 *positions,
              const u32 *claims, u32 *winners, double *bests, double *margins) {
    race_row<u16>(logits, vocabulary, stats, keys, positions, claims, winners, bests, margins);
}
