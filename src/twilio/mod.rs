//! Requests out: hosts, credentials, pace, and what an answer means.
//!
//! This room knows HTTP and Twilio's manners. Whether something may be sent at all is the plan's
//! business; whether it may be sent again is decided here, by one pure function (`answer`).

mod account;
mod answer;
mod breaker;
mod client;
mod evaluation;
mod hosts;
mod list;
mod obstacle;
mod pace;
mod tries;

pub use account::Account;
pub use answer::{Answer, Answered, Obstacle, Received, Refusal, Sent};
pub use breaker::AWAY_MAX_MS;
pub use client::{Client, Identity, Once, Purpose, Timeouts, Token, next_page};
pub use evaluation::Evaluation;
pub use hosts::{Endpoint, Hosts};
pub use list::{Listed, NoList, PAGE_SIZES, Page, WholeList};
pub use pace::{Pace, RATE_MAX, RATE_MIN, Rate, Turn};
pub use tries::{Lost, Tries};
