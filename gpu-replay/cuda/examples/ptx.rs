//! Makes the PTX of every kernel from its text, into the folder that is named; `LD_LIBRARY_PATH` says where NVRTC is.

use std::path::Path;

use stakeout_cuda::{Module, compile};

fn main() {
    let folder = std::env::args().nth(1).expect("a folder, to write the PTX into");
    for module in Module::ALL {
        let ptx = compile(module).unwrap_or_else(|error| panic!("{error}"));
        let path = Path::new(&folder).join(format!("{}.ptx", module.name()));
        std::fs::write(&path, ptx).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}", path.display());
    }
}
