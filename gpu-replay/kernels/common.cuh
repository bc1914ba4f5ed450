// What the kernels share. This text stands before every kernel file, whoever compiles it: NVRTC for a card, or a C++
// compiler behind host/shim.hpp. So it includes nothing and knows no type of either's.
//
// Invariant. A warp's functions are called by all 32 lanes together.

typedef unsigned char u8;
typedef signed char i8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define ALL_LANES 0xffffffffu
#define MINUS_INFINITY (-__int_as_float(0x7f800000))
#define LOG2_E 1.44269504088896341f
#define LN_2 0.693147180559945309417

// Threads of a block that works on one row of the vocabulary.
#define ROW_THREADS 64
// Such blocks that a multiprocessor is to hold: as many as leave each thread 64 registers.
#define ROW_BLOCKS 16
#define ROW_WARPS (ROW_THREADS / 32)

// Sum over the lanes of a warp, in every lane. The order is fixed, so the bits are.
__device__ __forceinline__ double warp_sum(double value) {
    for (int step = 16; step > 0; step >>= 1) {
        value += __shfl_xor_sync(ALL_LANES, value, step);
    }
    return value;
}

__device__ __forceinline__ double warp_min(double value) {
    for (int step = 16; step > 0; step >>= 1) {
        value = fmin(value, __shfl_xor_sync(ALL_LANES, value, step));
    }
    return value;
}

// A stored logit as a single: f32 is itself, bfloat16 its upper half.
__device__ __forceinline__ float widen(float value) { return value; }
__device__ __forceinline__ float widen(u16 value) { return __int_as_float((int)((u32)value << 16)); }
