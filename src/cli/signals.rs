//! The signals that ask the program to stop.

use super::Exit;
use super::style::tell;
use tokio_util::sync::CancellationToken;

/// The first signal ends the run in good order, the second at once: the ledger is sound either way.
/// Signals count from the moment of this call. Must be called inside a runtime.
pub fn stop_on_signals(drain: CancellationToken) {
    stop_on_signals_and(drain, Stopping::WritesResults);
}

/// What a command does when it is asked to stop.
#[derive(Clone, Copy)]
pub enum Stopping {
    /// Calls in flight are finished, and the results are written.
    WritesResults,
    /// It only reads, and what is not whole is not written.
    WritesNothing,
}

impl Stopping {
    fn words(self) -> &'static str {
        match self {
            Stopping::WritesResults => {
                "Stopping: calls in flight are finished, then the results are written. Once more to stop now."
            }
            Stopping::WritesNothing => "Stopping. Nothing was changed at the API.",
        }
    }
}

/// The same for a command that does something else then.
pub fn stop_on_signals_and(drain: CancellationToken, stopping: Stopping) {
    let mut signals = Signals::listen();
    tokio::spawn(async move {
        signals.next().await;
        // First of all: a terminal that is gone may hold up who writes to it.
        drain.cancel();
        // The terminal has written ^C into the line.
        tell!("");
        tell!("{}", stopping.words());
        signals.next().await;
        tell!("");
        tell!("Stopped. Run the same command again: it goes on where each customer stood.");
        #[expect(clippy::disallowed_methods, reason = "whoever asks twice wants it to end at once")]
        std::process::exit(i32::from(Exit::RunAgain.code()));
    });
}

/// SIGINT (Ctrl-C), SIGTERM (an orderly shutdown) and SIGHUP (the terminal is closed or the connection to
/// it lost), whichever comes first.
pub struct Signals {
    #[cfg(unix)]
    streams: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    #[cfg(unix)]
    pub fn listen() -> Signals {
        use tokio::signal::unix::{SignalKind, signal};
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        // Under `nohup` a run outlives its terminal.
        if !is_ignored(SignalKind::hangup().as_raw_value()) {
            kinds.push(SignalKind::hangup());
        }
        Signals { streams: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    #[cfg(not(unix))]
    pub fn listen() -> Signals {
        Signals {}
    }

    #[cfg(unix)]
    pub async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let mut streams = self.streams.iter_mut();
            match streams.any(|it| it.poll_recv(context).is_ready()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Whether this process was started with the signal ignored. Told by Linux only, in `/proc`: a mask in
/// hexadecimal digits, in which the lowest bit is signal 1.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
