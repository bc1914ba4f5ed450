//! A number in seven bits a byte, the lowest first, as tests write it.

/// The bytes of a number; all but the last have their highest bit set.
pub(crate) fn plain_varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
