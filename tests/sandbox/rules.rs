//! What the sandbox refuses, each time beside what it accepts.

mod access;
mod assigning;
mod evaluating;
mod lifecycle;
mod parameters;
mod settings;
mod values;
