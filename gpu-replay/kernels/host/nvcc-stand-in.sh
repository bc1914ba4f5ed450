#!/bin/sh
# Stands for nvcc where Rust code behind candle's feature `cuda` is to be type-checked and nothing linked: it says a
# version, and makes empty files where output is asked for.
case " $* " in *" --version "*)
    printf 'nvcc\nstand-in\nfor type checks\nCuda compilation tools, release 13.0, V13.0.88\n'
    exit 0 ;;
esac
out= folder= is_library= sources= before=
for word in "$@"; do
    case "$before" in
    -o | --output-file) out=$word ;;
    --output-directory | -odir) folder=$word ;;
    esac
    case "$word" in
    --output-directory=*) folder=${word#*=} ;;
    --lib | -lib) is_library=1 ;;
    *.cu) sources="$sources $word" ;;
    esac
    before=$word
done
if [ -n "$is_library" ]; then
    ar rc "$out"
elif [ -n "$out" ]; then
    : >"$out"
else
    for source in $sources; do : >"${folder:-.}/$(basename "$source" .cu).ptx"; done
fi
