//! What the plan says to do next: each answer by itself, and all the ways in which they can follow one another.

mod apart;
mod api;
mod model;
mod preview;
mod small;
mod table;
mod tag;
mod transitions;
mod versions;
mod world;
