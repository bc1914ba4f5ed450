//! A card behind its driver.
//!
//! **Invariant.** The driver's library is looked for before anything is asked of it, so that a machine without one gets
//! a reason. Every call to the driver goes through one stream, in order.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use cudarc::driver::sys::{CUdevice_attribute, CUevent_flags};
use cudarc::driver::{
    CudaContext, CudaFunction, CudaSlice, CudaStream, DriverError, LaunchArgs, LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::Ptx;

use crate::board::{Arg, Board};
use crate::error::{CudaError, Result};
use crate::kernel::{Kernel, Module};

/// A card, ready to run kernels.
pub struct Gpu {
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    functions: Mutex<BTreeMap<Kernel, CudaFunction>>,
}

/// What a card says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// Compute capability, major and minor.
    pub capability: (i32, i32),
    /// Multiprocessors.
    pub multiprocessors: i32,
    /// Bytes of second-level cache.
    pub cache_bytes: i32,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Peak bytes a second by memory clock and bus width, where the driver tells them.
    pub peak_bytes_per_second: Option<u64>,
}

fn refused(what: &str) -> impl Fn(DriverError) -> CudaError + '_ {
    move |error| CudaError::refused(what, error)
}

impl Gpu {
    /// The first card of the machine.
    ///
    /// # Errors
    /// `Absent`, with one line that says what is missing.
    pub fn open() -> Result<Self> {
        // SAFETY: asks the loader whether a library of that name can be opened, and keeps nothing of it.
        if !unsafe { cudarc::driver::sys::is_culib_present() } {
            let reason = "this machine has no CUDA driver (libcuda was not found)";
            return Err(CudaError::Absent(reason.into()));
        }
        // A driver library of a machine without a card, or one that lacks a symbol, makes cudarc panic.
        let opened = catch_unwind(AssertUnwindSafe(|| CudaContext::new(0)));
        let context = match opened {
            Ok(Ok(context)) => context,
            Ok(Err(error)) => {
                let reason = format!("the CUDA driver offers no card ({error})");
                return Err(CudaError::Absent(reason));
            }
            Err(_) => {
                let reason = "the CUDA driver here is too old for this program";
                return Err(CudaError::Absent(reason.into()));
            }
        };
        let stream = context.default_stream();
        Ok(Self {
            context,
            stream,
            functions: Mutex::default(),
        })
    }

    /// What the card says of itself.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn card(&self) -> Result<Card> {
        use CUdevice_attribute as A;
        let ask = |attribute| self.context.attribute(attribute);
        let fail = refused("asking the card");
        // Kilohertz and bits, two transfers a clock. Newer drivers answer zero.
        let clock = ask(A::CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE).unwrap_or(0) as u64;
        let width = ask(A::CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH).unwrap_or(0) as u64;
        let peak = 2 * clock * 1000 * width / 8;
        Ok(Card {
            name: self.context.name().map_err(&fail)?,
            capability: self.context.compute_capability().map_err(&fail)?,
            multiprocessors: ask(A::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT).map_err(&fail)?,
            cache_bytes: ask(A::CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE).map_err(&fail)?,
            memory_bytes: self.context.total_mem().map_err(&fail)? as u64,
            peak_bytes_per_second: (peak > 0).then_some(peak),
        })
    }

    fn function(&self, kernel: &Kernel) -> Result<CudaFunction> {
        let mut functions = self
            .functions
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(function) = functions.get(kernel) {
            return Ok(function.clone());
        }
        let what = format!("loading the kernel {}", kernel.name);
        let fail = refused(&what);
        let module = self
            .context
            .load_module(Ptx::from_src(kernel.module.ptx()))
            .map_err(&fail)?;
        let function = module.load_function(&kernel.name).map_err(&fail)?;
        functions.insert(kernel.clone(), function.clone());
        Ok(function)
    }

    /// Milliseconds of each of `rounds` launches by the card's own clock, after one that is not counted.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn time(
        &self,
        kernel: &Kernel,
        (blocks, threads): (u32, u32),
        args: &[&[Arg<'_, CudaSlice<u8>>]],
        rounds: usize,
    ) -> Result<Vec<f32>> {
        let function = self.function(kernel)?;
        let run = |round: usize| self.start(&function, blocks, threads, args[round % args.len()]);
        self.time_of(rounds, run)
    }

    /// Milliseconds of each of `rounds` copies between the first and second half of a buffer, inside the card.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn time_copy(&self, bytes: usize, rounds: usize) -> Result<Vec<f32>> {
        let from = self.room(bytes)?;
        let to = std::cell::RefCell::new(self.room(bytes)?);
        self.time_of(rounds, |_| {
            self.stream
                .memcpy_dtod(&from, &mut *to.borrow_mut())
                .map_err(refused("copying inside the card"))
        })
    }

    fn time_of(&self, rounds: usize, run: impl Fn(usize) -> Result<()>) -> Result<Vec<f32>> {
        let fail = refused("timing");
        let mark = || {
            self.stream
                .record_event(Some(CUevent_flags::CU_EVENT_DEFAULT))
                .map_err(refused("timing"))
        };
        run(0)?;
        let mut marks = vec![mark()?];
        for round in 0..rounds {
            run(round)?;
            marks.push(mark()?);
        }
        self.stream.synchronize().map_err(&fail)?;
        let spans = marks.windows(2).map(|pair| pair[0].elapsed_ms(&pair[1]));
        spans.collect::<std::result::Result<_, _>>().map_err(&fail)
    }

    fn start(
        &self,
        function: &CudaFunction,
        blocks: u32,
        threads: u32,
        args: &[Arg<'_, CudaSlice<u8>>],
    ) -> Result<()> {
        let mut call: LaunchArgs<'_> = self.stream.launch_builder(function);
        for arg in args {
            match arg {
                Arg::Word(value) => call.arg(value),
                Arg::Long(value) => call.arg(value),
                Arg::Double(value) => call.arg(value),
                Arg::Buffer(buffer) => call.arg(*buffer),
            };
        }
        let shape = LaunchConfig {
            grid_dim: (blocks, 1, 1),
            block_dim: (threads, 1, 1),
            shared_mem_bytes: 0,
        };
        // SAFETY: the wrappers in this crate are the only callers of a board; each hands over the arguments of its kernel in
        // order and buffers as large as the kernel's text says, and the host board runs the same calls in tests.
        unsafe { call.launch(shape) }
            .map(drop)
            .map_err(refused("launching a kernel"))
    }
}

impl Board for Gpu {
    type Buffer = CudaSlice<u8>;

    fn upload_bytes(&self, bytes: &[u8]) -> Result<Self::Buffer> {
        if bytes.is_empty() {
            return self.room(1);
        }
        self.stream
            .clone_htod(bytes)
            .map_err(refused("copying to the card"))
    }

    fn room(&self, bytes: usize) -> Result<Self::Buffer> {
        let what = format!("finding {bytes} bytes on the card");
        let fail = refused(&what);
        // SAFETY: the memory is written by the next call before anybody can read it.
        let room = unsafe { self.stream.alloc::<u8>(bytes.max(1)) }.map_err(&fail)?;
        // SAFETY: the pointer and the length are those of the allocation above, which outlives the call on its stream.
        unsafe {
            use cudarc::driver::DevicePtr;
            let (pointer, _guard) = room.device_ptr(&self.stream);
            cudarc::driver::result::memset_d8_async(pointer, 0xff, bytes.max(1), self.stream.cu_stream())
        }
        .map_err(&fail)?;
        Ok(room)
    }

    fn download_bytes(&self, buffer: &Self::Buffer) -> Result<Vec<u8>> {
        self.stream
            .clone_dtoh(buffer)
            .map_err(refused("copying from the card"))
    }

    fn launch(
        &self,
        kernel: &Kernel,
        blocks: u32,
        threads: u32,
        args: &[Arg<'_, Self::Buffer>],
    ) -> Result<()> {
        if blocks == 0 {
            return Ok(());
        }
        self.start(&self.function(kernel)?, blocks, threads, args)
    }
}

impl Module {
    /// Whether NVRTC can be found, so that PTX can be made from source here.
    pub fn has_compiler() -> bool {
        // SAFETY: asks the loader whether a library of that name can be opened, and keeps nothing of it.
        unsafe { cudarc::nvrtc::sys::is_culib_present() }
    }
}
