//! What runs kernels.
//!
//! **Invariant.** A board holds bytes and runs a kernel over them to its end, or says why not; launches on one board
//! happen in the order in which they were asked for.

use bytemuck::Pod;

use crate::error::Result;
use crate::kernel::Kernel;

/// One argument of a kernel.
#[derive(Debug)]
pub enum Arg<'a, B> {
    /// A 32-bit number.
    Word(u32),
    /// A 64-bit number.
    Long(u64),
    /// A double.
    Double(f64),
    /// Memory of the board, read or written.
    Buffer(&'a B),
}

/// A device, or what stands for one.
pub trait Board {
    /// Memory of the board.
    type Buffer;

    /// Copies bytes onto the board.
    ///
    /// # Errors
    /// The board has no room.
    fn upload_bytes(&self, bytes: &[u8]) -> Result<Self::Buffer>;

    /// Room for `bytes` bytes, filled with ones: a value that a kernel forgets to write shows.
    ///
    /// # Errors
    /// The board has no room.
    fn room(&self, bytes: usize) -> Result<Self::Buffer>;

    /// Copies a buffer back.
    ///
    /// # Errors
    /// A launch before it failed.
    fn download_bytes(&self, buffer: &Self::Buffer) -> Result<Vec<u8>>;

    /// Runs a kernel over `blocks` blocks of `threads` threads. A launch without blocks does nothing.
    ///
    /// # Errors
    /// The kernel is unknown, or the driver refuses.
    fn launch(
        &self,
        kernel: &Kernel,
        blocks: u32,
        threads: u32,
        args: &[Arg<'_, Self::Buffer>],
    ) -> Result<()>;

    /// Copies values onto the board.
    ///
    /// # Errors
    /// The board has no room.
    fn upload<T: Pod>(&self, values: &[T]) -> Result<Self::Buffer> {
        self.upload_bytes(bytemuck::cast_slice(values))
    }

    /// Copies values back.
    ///
    /// # Errors
    /// A launch before it failed.
    fn download<T: Pod>(&self, buffer: &Self::Buffer) -> Result<Vec<T>> {
        let bytes = self.download_bytes(buffer)?;
        let values = bytes.chunks_exact(size_of::<T>());
        Ok(values.map(bytemuck::pod_read_unaligned).collect())
    }
}
