//! This program again, in processes of their own, which share the machine and nothing else.

use std::process::{Child, Command, Stdio};

/// What as many processes at once print, each with these arguments.
pub fn run_at_once(arguments: &[&str], count: usize) -> Result<Vec<String>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let start = |_| {
        let mut command = Command::new(&program);
        command.args(arguments).stdout(Stdio::piped()).spawn()
    };
    let started = (0..count).map(start).collect::<Result<Vec<Child>, _>>();
    let finish = |child: Child| {
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(format!("{} ended with {}", arguments.join(" "), output.status)),
        }
    };
    let started = started.map_err(|error| error.to_string())?;
    started.into_iter().map(finish).collect()
}
