//! The strategies that participants follow, one a file.
