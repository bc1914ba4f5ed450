//! Inputs made from other inputs: bytes turned, cut, repeated and joined, and values replaced by hostile ones.
//!
//! Invariant: an input is a function of the corpus and its number alone, so a failure is replayed by its number.

use std::ops::Range;

/// Values that no honest file has, as they stand in a text.
pub const HOSTILE: [&str; 48] = [
    "1e308",
    "-1e308",
    "1e400",
    ".nan",
    ".inf",
    "-.inf",
    "NaN",
    "-0",
    "-1",
    "0",
    "18446744073709551615",
    "18446744073709551616",
    "170141183460469231731687303715884105728",
    "9223372036854775808 GNK",
    "1e308 s",
    "-5 s",
    "0 s",
    "99999999999 d",
    "1000000 epochs",
    "101 %",
    "-1 %",
    "0x10",
    "010",
    "1_000",
    "yes",
    "~",
    "''",
    "[]",
    "{}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}}}}",
    "&a [*a]",
    "*a",
    "!!python/object:os.system x",
    "../../../etc/passwd",
    "/etc/passwd",
    "/dev/zero",
    "CON",
    "a\\b",
    "'a\0b'",
    "\"\\e[2J\\e]0;x\\a\"",
    "'</script><script>alert(1)</script>'",
    "'=cmd()'",
    "'\u{202e}abc'",
    "\u{feff}",
    "<<",
    "|\n  text\n  text",
    "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// Words by which one place of an input differs from the next.
#[derive(Clone, Debug)]
pub struct Words(u64);

impl Words {
    /// The words of an input's number.
    pub fn new(number: u64) -> Self {
        Words(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// The next word (Steele, Lea and Flood 2014, splitmix64).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`, 0 for 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            0
        } else {
            (self.next() % bound as u64) as usize
        }
    }
}

/// Longest input that is made, bytes.
const LONGEST: usize = 1 << 16;

/// Input `number` from a corpus: one of its files after one to six changes.
pub fn input(corpus: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut words = Words::new(number);
    let mut bytes = corpus[words.below(corpus.len())].clone();
    for _ in 0..=words.below(6) {
        let other = &corpus[words.below(corpus.len())];
        change(&mut bytes, other, &mut words);
        bytes.truncate(LONGEST);
    }
    bytes
}

/// One change, of which some take a piece of `other`.
pub fn change(bytes: &mut Vec<u8>, other: &[u8], words: &mut Words) {
    let at = words.below(bytes.len());
    let end = (at + 1 + words.below(40)).min(bytes.len());
    match words.below(12) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << words.below(8),
        1 if !bytes.is_empty() => bytes[at] = [0, 0xff, 0x7f, 0x80, b'\n', b':', b'[', b'{'][words.below(8)],
        2 => drop(bytes.drain(at..end)),
        3 => bytes.truncate(at),
        4 => {
            let piece = bytes[at..end].to_vec();
            let copies = [1, 2, 100, 3_000][words.below(4)];
            // What does not fit is cut off by the caller.
            let piece = piece.repeat(copies.min(1 + LONGEST / piece.len().max(1)));
            put(bytes, at..at, &piece);
        }
        5 => {
            let from = words.below(other.len());
            let to = (from + words.below(400)).min(other.len());
            put(bytes, at..at, &other[from..to]);
        }
        6 => {
            let word = words.next().to_le_bytes();
            let size = [1, 2, 4, 8][words.below(4)];
            for (place, byte) in bytes[at..].iter_mut().zip(&word[..size]) {
                *place = *byte;
            }
        }
        7 => {
            let word: u64 = [
                0,
                1,
                1 << 31,
                1 << 32,
                1 << 63,
                u64::MAX,
                i64::MAX as u64,
                1 << 40,
            ][words.below(8)];
            let word = word.to_le_bytes();
            let size = [4, 8][words.below(2)];
            for (place, byte) in bytes[at..].iter_mut().zip(&word[..size]) {
                *place = *byte;
            }
        }
        8 => swap_lines(bytes, words),
        _ => replace_value(bytes, words),
    }
}

/// Exchanges two lines.
fn swap_lines(bytes: &mut Vec<u8>, words: &mut Words) {
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
    let (a, b) = (words.below(lines), words.below(lines));
    if a == b {
        return;
    }
    let (first, last) = (line(bytes, a.min(b)), line(bytes, a.max(b)));
    let swapped = [
        &bytes[..first.start],
        &bytes[last.clone()],
        &bytes[first.end..last.start],
        &bytes[first],
        &bytes[last.end..],
    ];
    *bytes = swapped.concat();
}

/// Where a line stands, without its end.
fn line(bytes: &[u8], number: usize) -> Range<usize> {
    let mut ends = (0..bytes.len()).filter(|at| bytes[*at] == b'\n');
    let start = match number {
        0 => 0,
        _ => ends.nth(number - 1).expect("lines were counted") + 1,
    };
    start..ends.next().unwrap_or(bytes.len())
}

/// Puts a hostile value, or the value of another key, in the place of one value.
fn replace_value(bytes: &mut Vec<u8>, words: &mut Words) {
    let values = values(bytes);
    if values.is_empty() {
        return;
    }
    let (from, to) = values[words.below(values.len())];
    let value = if words.below(5) == 0 {
        let (from, to) = values[words.below(values.len())];
        bytes[from..to].to_vec()
    } else {
        HOSTILE[words.below(HOSTILE.len())].as_bytes().to_vec()
    };
    put(bytes, from..to, &value);
}

/// Puts a piece in the place of another: `splice` would go through it byte by byte.
fn put(bytes: &mut Vec<u8>, place: Range<usize>, piece: &[u8]) {
    let rest = bytes.split_off(place.end);
    bytes.truncate(place.start);
    bytes.extend_from_slice(piece);
    bytes.extend_from_slice(&rest);
}

/// What is longer is no value, bytes.
const LONGEST_VALUE: usize = 200;

/// Where the values of a text in YAML, JSON or CSV stand: after a colon, a comma or a bracket, up to the next.
///
/// Read from the end, so that each byte is looked at once: most of what an input costs was spent here.
pub fn values(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut from, mut end) = (bytes.len(), bytes.len());
    for (at, byte) in bytes.iter().enumerate().rev() {
        let is_before = matches!(byte, b':' | b',' | b'[' | b'\n');
        if is_before && (1..LONGEST_VALUE).contains(&(end - from)) {
            found.push((from, end));
        }
        if *byte != b' ' {
            from = at;
        }
        if matches!(byte, b',' | b'}' | b']' | b'\n' | b'#') {
            end = at;
        }
    }
    found.reverse();
    found
}
