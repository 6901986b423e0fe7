//! The sandbox as its clients see it: over HTTP, on a loopback port, with a clock that tests move.

mod faults;
mod fixture;
mod flow;
mod hostile;
mod journal;
mod late;
mod lists;
mod reviews;
mod rules;
mod sdk;
mod shapes;
