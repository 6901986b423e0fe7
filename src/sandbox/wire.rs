//! The connections below HTTP: a listener that can refuse for a while, and streams that can be cut
//! at any byte of an answer. Faults of the network are made here, where they happen.
#![expect(clippy::disallowed_methods, reason = "the sandbox imports nothing of ours, our clock included")]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// How long to wait before a listener is opened again whose port was taken, or that ran out of files.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Whether connections are being refused.
#[derive(Debug, Default)]
pub struct Refusal {
    until: Mutex<Option<Instant>>,
    begun: Notify,
}

impl Refusal {
    /// Refuses connections from now on for this long.
    pub fn begin(&self, ms: u64) {
        let until = Instant::now() + Duration::from_millis(ms);
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        self.begun.notify_waiters();
    }

    /// How long it still lasts; `None` if nothing is refused.
    pub fn rest(&self) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until?.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero())
    }
}

/// Accepts connections, except while they are refused: then the port is closed.
pub struct Listener {
    listener: Option<TcpListener>,
    address: SocketAddr,
    refusal: Arc<Refusal>,
}

impl Listener {
    pub fn new(listener: TcpListener, refusal: Arc<Refusal>) -> io::Result<Listener> {
        let address = listener.local_addr()?;
        Ok(Listener { listener: Some(listener), address, refusal })
    }
}

impl axum::serve::Listener for Listener {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            let refusal = self.refusal.clone();
            let begun = refusal.begun.notified();
            if let Some(rest) = refusal.rest() {
                self.listener = None;
                tokio::time::sleep(rest).await;
                continue;
            }
            let Some(listener) = &self.listener else {
                match TcpListener::bind(self.address).await {
                    Ok(listener) => self.listener = Some(listener),
                    Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
                }
                continue;
            };
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        // Best effort: without it answers are right, only late.
                        let _ = stream.set_nodelay(true);
                        return (Wire { stream, line: Line::default() }, peer);
                    }
                    Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
                },
                () = begun => {}
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A connection that can be cut.
pub struct Wire {
    stream: TcpStream,
    line: Line,
}

/// The hand on a connection: what the answer to the present request may still send.
#[derive(Clone, Debug)]
pub struct Line(Arc<Cut>);

#[derive(Debug)]
struct Cut {
    /// Bytes that may go out before the connection breaks; `ENDLESS` for no break.
    left: AtomicU64,
    /// `left` counts from the end of the headers on.
    from_body: AtomicBool,
}

const ENDLESS: u64 = u64::MAX;

impl Default for Line {
    fn default() -> Line {
        Line(Arc::new(Cut { left: AtomicU64::new(ENDLESS), from_body: AtomicBool::new(false) }))
    }
}

impl Line {
    /// Breaks the connection after so many bytes of the answer; 0 sends nothing.
    pub fn cut_after(&self, bytes: u64) {
        self.0.left.store(bytes, Ordering::Release);
    }

    /// Breaks the connection after the headers and so many bytes of the body.
    pub fn cut_body_after(&self, bytes: u64) {
        self.0.from_body.store(true, Ordering::Release);
        self.cut_after(bytes);
    }
}

impl Connected<IncomingStream<'_, Listener>> for Line {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Line {
        stream.io().line.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.line.0.left.load(Ordering::Acquire);
        if left == ENDLESS {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        let mut left = left;
        if self.line.0.from_body.swap(false, Ordering::AcqRel) {
            // The first write of an answer begins with all its headers.
            left += head_length(buf) as u64;
        }
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = buf.len().min(left as usize);
        let sent = match Pin::new(&mut self.stream).poll_write(cx, &buf[..most]) {
            Poll::Ready(Ok(sent)) => sent,
            other => {
                self.line.0.left.store(left, Ordering::Release);
                return other;
            }
        };
        self.line.0.left.store(left - sent as u64, Ordering::Release);
        Poll::Ready(Ok(sent))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.line.0.left.load(Ordering::Acquire) == ENDLESS {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn head_length(answer: &[u8]) -> usize {
    answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |at| at + 4)
}
