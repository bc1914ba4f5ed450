// Blocks of a quantised file to plain values.
//
// A thread makes the values of sixteen bytes, so that a warp writes 512 bytes in one go and reads those of a few blocks. Layouts are those of ggml's block formats.
//
// Invariant. Products and sums are rounded one by one, in the CPU's order: the values are equal bit for bit.

// A half, exactly. Shifting its exponent and fraction into a single and multiplying by 2^112 moves the bias.
__device__ __forceinline__ float half_to_float(u16 half) {
    u32 size = (u32)(half & 0x7fffu) << 13;
    float value = __fmul_rn(__int_as_float((int)size), __int_as_float(0x77800000));
    if ((half & 0x7c00u) == 0x7c00u) {
        value = __int_as_float((int)(size | 0x7f800000u));
    }
    return (half & 0x8000u) != 0 ? -value : value;
}

// Four bytes from an address that is a multiple of two.
__device__ __forceinline__ u32 four_bytes(const u8 *from) {
    const u16 *halves = (const u16 *)from;
    return (u32)halves[0] | (u32)halves[1] << 16;
}

__device__ __forceinline__ u16 half_at(const u8 *from) { return *(const u16 *)from; }

// Values of sixteen bytes.
template <typename T> struct Output {
    static const u32 VALUES = 16 / sizeof(T);
};

__device__ __forceinline__ void store(float *out, u64 at, const float *values) {
    float4 four;
    four.x = values[0];
    four.y = values[1];
    four.z = values[2];
    four.w = values[3];
    *(float4 *)(out + at) = four;
}

// The nearest bfloat16, ties to even.
__device__ __forceinline__ u32 narrow(float value) {
    u32 bits = (u32)__float_as_int(value);
    return value == value ? (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16 : bits >> 16;
}

__device__ __forceinline__ void store(u16 *out, u64 at, const float *values) {
    uint4 eight;
    eight.x = narrow(values[0]) | narrow(values[1]) << 16;
    eight.y = narrow(values[2]) | narrow(values[3]) << 16;
    eight.z = narrow(values[4]) | narrow(values[5]) << 16;
    eight.w = narrow(values[6]) | narrow(values[7]) << 16;
    *(uint4 *)(out + at) = eight;
}

struct Q8_0 {
    static const u32 VALUES = 32, BYTES = 34;
    static __device__ __forceinline__ void four(const u8 *block, u32 at, float *out) {
        float d = half_to_float(half_at(block));
        u32 codes = four_bytes(block + 2 + at);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            out[i] = __fmul_rn((float)(i8)(codes >> (8 * i) & 0xff), d);
        }
    }
};

struct Q4_0 {
    static const u32 VALUES = 32, BYTES = 18;
    static __device__ __forceinline__ void four(const u8 *block, u32 at, float *out) {
        float d = half_to_float(half_at(block));
        u32 codes = four_bytes(block + 2 + at % 16) >> (at < 16 ? 0 : 4);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            out[i] = __fmul_rn((float)((int)(codes >> (8 * i) & 15) - 8), d);
        }
    }
};

struct Q4_1 {
    static const u32 VALUES = 32, BYTES = 20;
    static __device__ __forceinline__ void four(const u8 *block, u32 at, float *out) {
        float d = half_to_float(half_at(block)), m = half_to_float(half_at(block + 2));
        u32 codes = *(const u32 *)(block + 4 + at % 16) >> (at < 16 ? 0 : 4);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            out[i] = __fadd_rn(__fmul_rn((float)(codes >> (8 * i) & 15), d), m);
        }
    }
};

struct Q4_K {
    static const u32 VALUES = 256, BYTES = 144;
    static __device__ __forceinline__ void four(const u8 *block, u32 at, float *out) {
        u32 part = at / 32;
        const u8 *packed = block + 4;
        u32 scale, least;
        if (part < 4) {
            scale = packed[part] & 63;
            least = packed[part + 4] & 63;
        } else {
            scale = (packed[part + 4] & 15) | (packed[part - 4] >> 6) << 4;
            least = packed[part + 4] >> 4 | (packed[part] >> 6) << 4;
        }
        float d = __fmul_rn(half_to_float(half_at(block)), (float)scale);
        float m = __fmul_rn(half_to_float(half_at(block + 2)), (float)least);
        u32 codes = *(const u32 *)(block + 16 + at / 64 * 32 + at % 32) >> (part % 2 * 4);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            out[i] = __fsub_rn(__fmul_rn(d, (float)(codes >> (8 * i) & 15)), m);
        }
    }
};

struct Q6_K {
    static const u32 VALUES = 256, BYTES = 210;
    static __device__ __forceinline__ void four(const u8 *block, u32 at, float *out) {
        u32 side = at / 128, quarter = at % 128 / 32, place = at % 32;
        u32 low = four_bytes(block + 64 * side + 32 * (quarter & 1) + place) >> (quarter < 2 ? 0 : 4);
        u32 high = four_bytes(block + 128 + 32 * side + place) >> (2 * quarter);
        float d = half_to_float(half_at(block + 208));
        float scale = (float)((const i8 *)block)[192 + 8 * side + 2 * quarter + place / 16];
        float step = __fmul_rn(d, scale);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int code = (int)((low >> (8 * i) & 15) | (high >> (8 * i) & 3) << 4) - 32;
            out[i] = __fmul_rn(step, (float)code);
        }
    }
};

template <typename Format, typename T>
__device__ __forceinline__ void dequantize(const u8 *blocks, u64 values, T *out) {
    const u32 COUNT = Output<T>::VALUES;
    u64 at = COUNT * ((u64)blockIdx.x * blockDim.x + threadIdx.x);
    if (at < values) {
        const u8 *block = blocks + at / Format::VALUES * Format::BYTES;
        float made[COUNT];
#pragma unroll
        for (u32 four = 0; four < COUNT; four += 4) {
            Format::four(block, (u32)(at % Format::VALUES) + four, made + four);
        }
        store(out, at, made);
    }
}

#define ENTRY(name, Format)                                                                                            \
    extern "C" __global__ void __launch_bounds__(256)                                                                  \
        dequantize_##name##_f32(const u8 *blocks, u64 values, float *out) {                                            \
        dequantize<Format, float>(blocks, values, out);                                                                \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256)                                                                  \
        dequantize_##name##_bf16(const u8 *blocks, u64 values, u16 *out) {                                             \
        dequantize<Format, u16>(blocks, values, out);                                                                  \
    }

ENTRY(q8_0, Q8_0)
ENTRY(q4_0, Q4_0)
ENTRY(q4_1, Q4_1)
ENTRY(q4_k, Q4_K)
ENTRY(q6_k, Q6_K)
