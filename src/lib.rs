//! Onboards the customers of a spreadsheet to Twilio's voice trust products: never twice, never lost.
//!
//! # The idea
//!
//! 1. Decide in pure code, act at the edges, pass plain data between.
//! 2. There are two truths, the *sheet* (what was asked for) and the *ledger* (what was done).
//!    Outcomes, progress and every results file are derived from them and can be made again.
//! 3. A product is a value: an ordered table of steps made of a handful of verbs ([`flow::Verb`]). One row
//!    is one account and one call at a time, so the order of the flow is the order of the dependencies:
//!    there is no graph. `plan::Plan::next` is a pure function and the whole policy.
//! 4. The engine is one loop that asks `next`, writes *started* to the ledger, sends, writes the
//!    answer. There is no recovery code: a crash and a lost reply both leave a step *started*, and
//!    `next` says to look for it. What the ledger remembers is never proof: whatever is about to be
//!    submitted was seen in an answer of the run that submits it.
//! 5. A new step is one line in a product's table; a new trust product is one file in `products` and one
//!    line in its list. Plan, engine, ledger and reports go through the [`flow::Flow`] and know none of
//!    them by name.
//!
//! # The picture
//!
//! ```text
//!     customers.csv / .xlsx                              ledger (SQLite)       results.csv
//!          |                                               ^   |                   ^
//!          v                                               |   v                   |
//!     sheet --> check --> Customer --> plan --> engine ----+  Facts --> report ----+
//!     (I/O)    (pure,                 (pure:    | one loop             (I/O)
//!               rayon)                 next)    v    a customer
//!                         products            twilio ---HTTP---> the API, or `sandbox`
//!                         (pure: a table
//!                          for each, written
//!                          in the words of flow)
//! ```
//!
//! # The rooms
//!
//! | room | owns | may use |
//! |---|---|---|
//! | [`model`] | the words of all rooms: Customer, Sid, Finding, Fault, the table of columns | nothing of ours |
//! | [`sheet`] | CSV, XLSX, XLS, ODS in: encoding, delimiter, headers, cells with their positions | model |
//! | [`check`] | cells to a Customer or all its Findings; rules across rows; the only rayon | model, sheet |
//! | [`flow`] | the language that a product is written in: bundle, step, verb, resource, request | model |
//! | [`products`] | one file a product, in that language; the list of all | model, flow |
//! | [`facts`] | what is known of a customer: where a step stands and how it may get there, why it was refused, the digest of what was sent, the policy of the run | model, flow |
//! | [`plan`] | `next`, what a row asks for, our tag in names, what an answer shows | model, flow, facts |
//! | [`preview`] | what a run would write, told by `next` run forward on assumed answers | model, flow, facts, plan |
//! | [`ledger`] | the durable record of every step, its history, older formats; one writer with group commit | model, flow, facts, events, private |
//! | [`twilio`] | requests out: hosts, credentials, pace (the only governor), what an answer means | model, flow, facts, clock, events |
//! | [`watch`] | when a review that is waited for is looked at again | model, facts |
//! | [`engine`] | the run: rows at once, the one loop a row, events out, shutdown in | model, flow, facts, plan, preview, ledger, twilio, watch, clock, events |
//! | [`undo`] | what the program has made, taken away again: a look, what is to go and what is kept, the deletions | model, flow, facts, plan, ledger, twilio, engine, clock |
//! | [`resolve`] | what a person says of several that may be ours | model, flow, facts, ledger, twilio, engine, clock |
//! | [`report`] | progress, log, findings, results, hints; what a rehearsal found | all above, sandbox |
//! | [`inventory`] | what exists at Twilio, read into a sheet and a list of defects; it only reads | all above |
//! | [`sandbox`] | the stand-in for the API | **nothing of ours**, so that it cannot share our mistakes |
//! | [`cli`] | the arguments, and one function for each subcommand | all |
//! | [`private`] | files and folders that only their owner may read | nothing of ours |
//! | [`clock`], [`events`] | time from outside; what happens, told to whoever watches | model, flow, facts |
//!
//! # Three audiences, three types
//!
//! They are never converted into one another. A [`model::Finding`] says what is wrong with the sheet.
//! A [`facts::Reason`] says why a step was refused. A [`model::Fault`] says why the program stops.
//!
//! # What is deliberately absent
//!
//! A recovery module, a graph of steps, look-ups by step name between steps, retries hidden in a
//! library, a lock held across input or output, secrets or personal data in ledger, log and messages,
//! and switches that only tests set: a test passes in the clock, the listener, the observer and the
//! token that ends the run.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        clippy::print_stderr,
        clippy::dbg_macro
    )
)]

pub mod check;
pub mod cli;
pub mod clock;
pub mod engine;
pub mod events;
pub mod facts;
pub mod flow;
pub mod inventory;
pub mod ledger;
pub mod model;
pub mod plan;
pub mod preview;
pub mod private;
pub mod products;
pub mod report;
pub mod resolve;
pub mod sandbox;
pub mod sheet;
pub mod twilio;
pub mod undo;
pub mod watch;
