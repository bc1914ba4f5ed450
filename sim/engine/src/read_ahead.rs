//! Memory that is asked for together.
//!
//! **Invariant.** Reading ahead changes nothing: what was read is thrown away.

/// Reads what each of `items` leads to, as `look` finds it. What lies anywhere in memory is waited for once a piece when
/// it is asked for one after the other; asked for together, the pieces come together and are near when they are needed.
#[inline(always)]
pub(crate) fn read_ahead<T>(items: impl Iterator<Item = T>, look: impl Fn(T) -> u64) {
    let seen = items.fold(0, |seen, item| seen ^ look(item));
    std::hint::black_box(seen);
}
