#!/bin/sh
# Everything about the kernels that can be checked on this machine, in one command.
#
#   gpu-replay/check-gpu.sh                   builds, then checks the card: under ten minutes after the build
#   gpu-replay/check-gpu.sh --binary PATH     the same with a program that was built elsewhere; needs no toolchain
#   gpu-replay/check-gpu.sh --without-gpu     what needs no card: features compile, committed PTX is that of the text,
#                                             kernels compiled for the host give the CPU's numbers, nothing spills
#   --out FOLDER                              where report.md and report.json go (gpu-replay/results/gpu)
#   --with-candle                             with --without-gpu: type-checks the feature `cuda`, too (some minutes)
set -eu
cd "$(dirname "$0")/.."
binary= out=gpu-replay/results/gpu without_gpu= with_candle=
while [ $# -gt 0 ]; do
    case "$1" in
    --binary) binary=$2; shift ;;
    --out) out=$2; shift ;;
    --without-gpu) without_gpu=1 ;;
    --with-candle) with_candle=1 ;;
    *) echo "unknown: $1" >&2; exit 2 ;;
    esac
    shift
done

# Registers and spills of every kernel, where an assembler is installed.
assemble() {
    if ! command -v ptxas >/dev/null; then
        echo "skipped: there is no ptxas here, so nothing is said about spills"
        return
    fi
    for target in sm_80 sm_90; do
        for ptx in gpu-replay/kernels/ptx/*.ptx; do
            said=$(ptxas -v -arch=$target -o /dev/null "$ptx" 2>&1)
            if echo "$said" | grep 'spill' | grep -qv ' 0 bytes spill stores, 0 bytes spill loads'; then
                echo "$ptx spills on $target:" "$said" >&2
                exit 1
            fi
            echo "$(basename "$ptx" .ptx) on $target: 0 spills, at most" \
                "$(echo "$said" | sed -n 's/.*Used \([0-9]*\) registers.*/\1/p' | sort -n | tail -1) registers"
        done
    done
}

if [ -n "$without_gpu" ]; then
    cargo test --release --package stakeout-cuda
    cargo check --release --package stakeout-replay --features gpu
    cargo test --release --package stakeout-replay --features gpu --lib gpu:: -- --nocapture
    assemble
    if [ -n "$with_candle" ]; then
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        cp gpu-replay/kernels/host/nvcc-stand-in.sh "$folder/nvcc"
        NVCC="$folder/nvcc" PATH="$folder:$PATH" CUDA_COMPUTE_CAP=80 CARGO_TARGET_DIR="$folder/target" \
            cargo check --release --package stakeout-replay --features cuda
    fi
    exit
fi

if [ -z "$binary" ]; then
    cargo build --release --package stakeout-replay --features gpu --bin stakeout-calibrate
    binary=${CARGO_TARGET_DIR:-target}/release/stakeout-calibrate
fi
exec "$binary" gpu check --out "$out"
