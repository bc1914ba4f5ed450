// Two lists of a position, laid over each other: S1's divergence and the mean absolute error of the log-probabilities.
//
// A warp takes a position: lane i holds the i-th entry of either list. Everything is in doubles, as on the CPU, since
// nearly equal laws cancel to the last digits of singles.
//
// Invariant. A report that is no list of log-probabilities has the worst scores; docs of the fields are in Rust.

#define SUM_SLACK 2e-2
#define PROBABILITY_FLOOR 1e-7
#define MAE_CLIP 5.0

__device__ __forceinline__ double half_term(double p, double middle) {
    return p > 0.0 ? 0.5 * p * log(p / middle) : 0.0;
}

__device__ __forceinline__ double js_cell(double p, double q) {
    double middle = 0.5 * (p + q);
    return half_term(p, middle) + half_term(q, middle);
}

__device__ __forceinline__ double kl_cell(double p, double q) {
    return q > 0.0 ? q * log(fmax(q, PROBABILITY_FLOOR) / fmax(p, PROBABILITY_FLOOR)) : 0.0;
}

// The most that each of `missing` unlisted tokens can have.
__device__ __forceinline__ double most_unlisted(double least, double sum, int missing) {
    return fmin(least, fmax(1.0 - sum, 0.0) / (double)(missing > 1 ? missing : 1));
}

extern "C" __global__ void __launch_bounds__(128)
    position_scores(const u32 *reported_ids, const float *reported_logs, const u32 *reported_counts,
                    const u32 *replayed_ids, const float *replayed_logs, const u32 *replayed_counts, u32 stride,
                    u32 agreed, u32 positions, double *js, double *kl, double *mae) {
    int lane = threadIdx.x & 31;
    u32 at = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
    if (at >= positions) {
        return;
    }
    const double infinity = __longlong_as_double(0x7ff0000000000000ll);
    u32 all = reported_counts[at], count = all < agreed ? all : agreed, replays = replayed_counts[at];
    bool has_all = (u32)lane < all, has = (u32)lane < count, is_ours = (u32)lane < replays;
    u32 id = has_all ? reported_ids[(u64)at * stride + lane] : 0;
    float log_p = has_all ? reported_logs[(u64)at * stride + lane] : 0.0f;
    u32 our_id = is_ours ? replayed_ids[(u64)at * stride + lane] : 0;
    float our_log = is_ours ? replayed_logs[(u64)at * stride + lane] : 0.0f;

    double p = has ? exp(fmin((double)log_p, 0.0)) : 0.0;
    double q = is_ours ? exp(fmin((double)our_log, 0.0)) : 0.0;
    // Where each entry stands in the other list, and whether it stands twice in its own.
    int our_place = -1, their_place = -1;
    bool is_twice = false;
    for (int other = 0; other < 32; other++) {
        u32 their = __shfl_sync(ALL_LANES, id, other), our = __shfl_sync(ALL_LANES, our_id, other);
        if (has && (u32)other < replays && our == id && our_place < 0) {
            our_place = other;
        }
        if ((u32)other < count) {
            if (is_ours && their == our_id) {
                their_place = other;
            }
            is_twice = is_twice || (has && other < lane && their == id);
        }
    }
    // `!(x <= y)` is true of what is no number, too.
    bool is_absurd = is_twice || (has_all && !(log_p <= 1e-4f));
    double their_sum = warp_sum(p), our_sum = warp_sum(q);
    if (__any_sync(ALL_LANES, is_absurd) || count == 0 || their_sum > 1.0 + SUM_SLACK) {
        if (lane == 0) {
            js[at] = LN_2;
            kl[at] = infinity;
            mae[at] = MAE_CLIP;
        }
        return;
    }
    double their_least = warp_min(has ? p : infinity), our_least = warp_min(is_ours ? q : infinity);
    bool is_other = is_ours && their_place < 0;
    int others = __popc(__ballot_sync(ALL_LANES, is_other));
    int strange = __popc(__ballot_sync(ALL_LANES, has && our_place < 0));
    double most_theirs = most_unlisted(their_least, their_sum, others);
    double most_ours = most_unlisted(our_least, our_sum, strange);

    // Cells of this lane: one of the reported list, one of what only the replay lists.
    double found = __shfl_sync(ALL_LANES, q, our_place < 0 ? 0 : our_place);
    float found_log = __shfl_sync(ALL_LANES, our_log, our_place < 0 ? 0 : our_place);
    double cell_p = p, cell_q = !has ? 0.0 : our_place < 0 ? fmin(p, most_ours) : found;
    double other_p = is_other ? fmin(q, most_theirs) : 0.0, other_q = is_other ? q : 0.0;
    double sum_p = warp_sum(cell_p + other_p), sum_q = warp_sum(cell_q + other_q);
    if (sum_p > 1.0) {
        cell_p /= sum_p;
        other_p /= sum_p;
    }
    if (sum_q > 1.0) {
        cell_q /= sum_q;
        other_q /= sum_q;
    }
    double divergence = js_cell(cell_p, cell_q) + js_cell(other_p, other_q);
    double relative = kl_cell(cell_p, cell_q) + kl_cell(other_p, other_q);
    if (lane == 0) {
        double tail_p = fmax(1.0 - sum_p, 0.0), tail_q = fmax(1.0 - sum_q, 0.0);
        divergence += js_cell(tail_p, tail_q);
        relative += kl_cell(tail_p, tail_q);
    }
    divergence = warp_sum(divergence);
    relative = warp_sum(relative);

    // A token that the replay does not list is taken at the least that it lists.
    double last = replays > 0 ? (double)__shfl_sync(ALL_LANES, our_log, replays - 1) : -infinity;
    double gap = 0.0;
    if (has) {
        gap = fabs((double)log_p - (our_place < 0 ? fmin((double)log_p, last) : (double)found_log));
        gap = gap < MAE_CLIP ? gap : MAE_CLIP;
    }
    gap = warp_sum(gap);
    if (lane == 0) {
        js[at] = fmin(fmax(divergence, 0.0), LN_2);
        kl[at] = fmax(relative, 0.0);
        mae[at] = gap / (double)count;
    }
}
