// One launch of one kernel: the call on standard input, the buffers after it on standard output.
//
// A call is: u32 length and name; u32 blocks, threads, 1 for turned-round threads, number of arguments; then for each
// argument a byte (4 or 8 for a number of so many bytes, 0 for a buffer), and the number, or u64 length and bytes.

#include "shim.hpp"

#include "common.cuh"
namespace law {
#include "law.cu"
}
namespace race {
#include "race.cu"
}
namespace scores {
#include "scores.cu"
}
namespace answers {
#include "answers.cu"
}
namespace dequantized {
#include "dequantize.cu"
}

#include <string>
#include <tuple>
#include <utility>

struct Argument {
    uint64_t number = 0;
    char *buffer = nullptr;
    uint64_t length = 0;
};

static void read(void *to, size_t bytes) {
    if (bytes != 0 && fread(to, 1, bytes, stdin) != bytes) {
        fprintf(stderr, "the call ends too early\n");
        exit(2);
    }
}

static unsigned read_word() {
    unsigned word;
    read(&word, sizeof word);
    return word;
}

template <typename T> T argument(const Argument &from) { return of_word<T>(from.number); }
template <> const float *argument(const Argument &from) { return (const float *)from.buffer; }
template <> float *argument(const Argument &from) { return (float *)from.buffer; }
template <> const double *argument(const Argument &from) { return (const double *)from.buffer; }
template <> double *argument(const Argument &from) { return (double *)from.buffer; }
template <> const u8 *argument(const Argument &from) { return (const u8 *)from.buffer; }
template <> const u16 *argument(const Argument &from) { return (const u16 *)from.buffer; }
template <> u16 *argument(const Argument &from) { return (u16 *)from.buffer; }
template <> const u32 *argument(const Argument &from) { return (const u32 *)from.buffer; }
template <> u32 *argument(const Argument &from) { return (u32 *)from.buffer; }
template <> const u64 *argument(const Argument &from) { return (const u64 *)from.buffer; }

template <typename... P, size_t... I>
void call(void (*kernel)(P...), const std::vector<Argument> &args, unsigned blocks, unsigned threads,
          std::index_sequence<I...>) {
    if (args.size() != sizeof...(P)) {
        fprintf(stderr, "the kernel takes %zu arguments, not %zu\n", sizeof...(P), args.size());
        exit(2);
    }
    std::tuple<P...> values{argument<P>(args[I])...};
    run_grid(blocks, threads, [=] { kernel(std::get<I>(values)...); });
}

template <typename... P>
void call(void (*kernel)(P...), const std::vector<Argument> &args, unsigned blocks, unsigned threads) {
    call(kernel, args, blocks, threads, std::index_sequence_for<P...>{});
}

int main() {
    std::string name(read_word() % 256, ' ');
    read(&name[0], name.size());
    unsigned blocks = read_word(), threads = read_word();
    is_reversed = read_word() != 0;
    std::vector<Argument> args(read_word() % 64);
    for (Argument &arg : args) {
        unsigned char kind;
        read(&kind, 1);
        if (kind != 0) {
            read(&arg.number, kind);
        } else {
            read(&arg.length, 8);
            arg.buffer = (char *)aligned_alloc(256, (arg.length + 255) / 256 * 256 + 256);
            read(arg.buffer, arg.length);
        }
    }
    if (threads == 0 || threads > 1024 || threads % 32 != 0) {
        fprintf(stderr, "blocks of %u threads are none of warps\n", threads);
        return 2;
    }
#define KNOWN(space, kernel)                                                                                           \
    if (name == #kernel) {                                                                                             \
        call(space::kernel, args, blocks, threads);                                                                    \
    } else
#define FORMAT(kernel) KNOWN(dequantized, dequantize_##kernel##_f32) KNOWN(dequantized, dequantize_##kernel##_bf16)
    KNOWN(law, law_f32)
    KNOWN(law, law_bf16)
    KNOWN(race, race_f32)
    KNOWN(race, race_bf16)
    KNOWN(scores, position_scores)
    KNOWN(answers, answer_scores)
    FORMAT(q8_0)
    FORMAT(q4_0)
    FORMAT(q4_1)
    FORMAT(q4_k)
    FORMAT(q6_k) {
        fprintf(stderr, "there is no kernel %s\n", name.c_str());
        return 2;
    }
    for (const Argument &arg : args) {
        if (arg.buffer != nullptr) {
            fwrite(arg.buffer, 1, arg.length, stdout);
        }
    }
    return 0;
}
