// CUDA on a processor, as far as the kernels need it: a block's threads are fibers, and a barrier is where a fiber
// gives way to the next. Blocks run one after the other, so shared memory is static.
//
// Invariant. A fiber gives way at barriers only; within a warp every intrinsic is one.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <setjmp.h>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline
#define __noinline__
#define __shared__ static
#define __launch_bounds__(...)

struct uint2 { unsigned x, y; };
struct uint4 { unsigned x, y, z, w; };
struct float4 { float x, y, z, w; };
struct Index { unsigned x; };
static Index threadIdx, blockIdx, blockDim;

struct Fiber {
    ucontext_t start;
    jmp_buf state;
    std::vector<char> stack;
    bool has_begun, has_ended;
};

struct Meeting {
    unsigned arrived = 0, passed = 0, members = 0;
};

static std::vector<Fiber> fibers;
static std::vector<Meeting> warps;
static Meeting block;
static uint64_t slots[1024];
static jmp_buf scheduler;
static void (*body)(void *);
static void *body_data;
static bool is_reversed = false;

inline void give_way() {
    Fiber &mine = fibers[threadIdx.x];
    if (_setjmp(mine.state) == 0) {
        _longjmp(scheduler, 1);
    }
}

// Waits until all members that still run are here.
inline void meet(Meeting &at) {
    unsigned round = at.passed;
    if (++at.arrived == at.members) {
        at.arrived = 0;
        at.passed++;
        return;
    }
    while (at.passed == round) {
        give_way();
    }
}

inline void leave(Meeting &at) {
    at.members--;
    if (at.members > 0 && at.arrived == at.members) {
        at.arrived = 0;
        at.passed++;
    }
}

inline Meeting &my_warp() { return warps[threadIdx.x / 32]; }
inline void __syncthreads() { meet(block); }
inline int __syncthreads_count(bool vote) {
    static int counts[2];
    static uint64_t turn = ~(uint64_t)0;
    int &count = counts[block.passed % 2];
    uint64_t now = (uint64_t)blockIdx.x << 32 | block.passed;
    if (turn != now) {
        turn = now;
        count = 0;
    }
    count += vote ? 1 : 0;
    meet(block);
    return count;
}

// Lays a word beside those of the warp, and reads them all once everybody has.
template <typename Read> auto exchange(uint64_t word, Read read) {
    slots[threadIdx.x] = word;
    meet(my_warp());
    auto result = read(&slots[threadIdx.x / 32 * 32]);
    meet(my_warp());
    return result;
}

template <typename T> uint64_t to_word(T value) {
    uint64_t word = 0;
    memcpy(&word, &value, sizeof value);
    return word;
}

template <typename T> T of_word(uint64_t word) {
    T value;
    memcpy(&value, &word, sizeof value);
    return value;
}

template <typename T> T shuffle(T value, unsigned from) {
    return exchange(to_word(value), [=](const uint64_t *words) { return of_word<T>(words[from]); });
}

inline unsigned lane_of() { return threadIdx.x % 32; }
template <typename T> T __shfl_sync(unsigned, T value, int from) { return shuffle(value, (unsigned)from % 32); }
template <typename T> T __shfl_xor_sync(unsigned, T value, int mask) { return shuffle(value, lane_of() ^ mask); }
template <typename T> T __shfl_up_sync(unsigned, T value, int by) {
    return shuffle(value, lane_of() < (unsigned)by ? lane_of() : lane_of() - by);
}
inline unsigned __ballot_sync(unsigned, bool vote) {
    return exchange(vote, [](const uint64_t *words) {
        unsigned all = 0;
        for (unsigned lane = 0; lane < 32; lane++) {
            all |= (words[lane] != 0 ? 1u : 0u) << lane;
        }
        return all;
    });
}
inline bool __any_sync(unsigned mask, bool vote) { return __ballot_sync(mask, vote) != 0; }

inline int atomicAdd(int *at, int value) {
    int old = *at;
    *at += value;
    return old;
}
inline int __ffs(unsigned bits) { return __builtin_ffs((int)bits); }
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline float __int_as_float(int bits) { return of_word<float>((uint32_t)bits); }
inline int __float_as_int(float value) { return (int)(uint32_t)to_word(value); }
inline double __longlong_as_double(long long bits) { return of_word<double>((uint64_t)bits); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }

// Runs `call` as a grid of blocks; the order of a block's threads may be turned round, to find races.
static void enter() {
    body(body_data);
    Fiber &mine = fibers[threadIdx.x];
    mine.has_ended = true;
    leave(my_warp());
    leave(block);
    _longjmp(scheduler, 1);
}

template <typename Call> void run_grid(unsigned blocks, unsigned threads, Call call) {
    blockDim.x = threads;
    fibers.resize(threads);
    body = [](void *data) { (*(Call *)data)(); };
    body_data = &call;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {
        block = Meeting{0, 0, threads};
        warps.assign((threads + 31) / 32, Meeting{0, 0, 32});
        for (Fiber &fiber : fibers) {
            fiber.has_begun = fiber.has_ended = false;
            fiber.stack.resize(64 * 1024);
            getcontext(&fiber.start);
            fiber.start.uc_stack.ss_sp = fiber.stack.data();
            fiber.start.uc_stack.ss_size = fiber.stack.size();
            fiber.start.uc_link = nullptr;
            makecontext(&fiber.start, enter, 0);
        }
        for (unsigned running = threads; running > 0;) {
            running = 0;
            for (unsigned at = 0; at < threads; at++) {
                threadIdx.x = is_reversed ? threads - 1 - at : at;
                Fiber &fiber = fibers[threadIdx.x];
                if (fiber.has_ended) {
                    continue;
                }
                running++;
                if (_setjmp(scheduler) == 0) {
                    if (fiber.has_begun) {
                        _longjmp(fiber.state, 1);
                    }
                    fiber.has_begun = true;
                    setcontext(&fiber.start);
                }
            }
        }
    }
}
