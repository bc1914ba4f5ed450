//! The rules of the network as pure integer functions.
