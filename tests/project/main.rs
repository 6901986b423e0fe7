//! The project itself: its documents say what the program does, and its rooms keep to their table.

mod readme;
mod rooms;
