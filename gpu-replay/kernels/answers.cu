// From positions to an answer: winsorised means, shares, windowed maxima, the sums of S3.
//
// A warp takes an answer. Windows are summed one a lane, from their first position to their last.
//
// Invariant. Sums are formed in an order that depends on the answer's length alone.

#define WINDOW 32
#define WINDOW_STEP 8
#define FIELDS 8

__device__ __forceinline__ double window_max(const double *values, double cap, u32 length, int lane) {
    u32 width = length < WINDOW ? length : WINDOW;
    u32 final_start = length - width;
    double most = 0.0;
    // Starts at multiples of eight, then the last one.
    u32 starts = final_start / WINDOW_STEP + 2;
    for (u32 at = lane; at < starts; at += 32) {
        u32 start = at * WINDOW_STEP < final_start ? at * WINDOW_STEP : final_start;
        double sum = 0.0;
        for (u32 step = 0; step < width; step++) {
            sum += fmin(values[start + step], cap);
        }
        most = fmax(most, sum / (double)width);
    }
    return -warp_min(-most);
}

extern "C" __global__ void __launch_bounds__(128)
    answer_scores(const double *js, const double *margin, const double *excess, const double *varentropy,
                  const double *mae, const u32 *begins, u32 answers, double js_cap, double margin_cap,
                  double js_exceedance, double *scores) {
    int lane = threadIdx.x & 31;
    u32 answer = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
    if (answer >= answers) {
        return;
    }
    u32 begin = begins[answer], length = begins[answer + 1] - begin;
    double sums[7] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
    for (u32 at = begin + lane; at < begin + length; at += 32) {
        sums[0] += fmin(js[at], js_cap);
        sums[1] += js[at] > js_exceedance ? 1.0 : 0.0;
        sums[2] += fmin(margin[at], margin_cap);
        sums[3] += margin[at] > 0.0 ? 1.0 : 0.0;
        sums[4] += excess[at];
        sums[5] += varentropy[at];
        sums[6] += mae[at];
    }
#pragma unroll
    for (int field = 0; field < 7; field++) {
        sums[field] = warp_sum(sums[field]);
    }
    double js_window = window_max(js + begin, js_cap, length, lane);
    double margin_window = window_max(margin + begin, margin_cap, length, lane);
    if (lane == 0) {
        double *out = scores + (u64)answer * FIELDS;
        double count = (double)length;
        out[0] = sums[0] / count;
        out[1] = sums[1] / count;
        out[2] = js_window;
        out[3] = sums[2] / count;
        out[4] = sums[3] / count;
        out[5] = margin_window;
        out[6] = sums[5] > 0.0 ? fabs(sums[4] / sqrt(sums[5])) : sums[4] > 0.0 ? 40.0 : 0.0;
        out[7] = sums[6] / count;
    }
}
