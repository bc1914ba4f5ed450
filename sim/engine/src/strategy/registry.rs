//! Names of strategies and how to build them.
