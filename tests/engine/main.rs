//! The run against the sandbox, in process: every step, every crash, every lost reply.

mod brake;
mod changes;
mod checks;
mod conflicts;
mod crashes;
mod evaluations;
mod flow;
mod ledger_files;
mod look_alikes;
mod lost;
mod mixes;
mod modes;
mod named;
mod numbers;
mod older_ledger;
mod pages;
mod polls;
mod privacy;
mod proxy;
mod refusals;
mod rejected;
mod settle;
mod stage;
mod strays;
mod waits;
mod watch;
