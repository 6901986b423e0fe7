//! Encrypted connections, proxies, and what no waiting mends: the real binary against servers on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Made for these tests: for 127.0.0.1, localhost and onboarding.example, signed by nobody else, until 2126.
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/loopback.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/loopback.key");

/// The sandbox as a process of its own, and a folder to work in.
struct Place {
    folder: TempDir,
    sandbox: Child,
    port: u16,
    credentials: Vec<(String, String)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}

fn sheet() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/customers.csv").display().to_string()
}

fn binary() -> Command {
    Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
}

impl Place {
    fn new() -> Place {
        let mut sandbox = binary()
            .args(["sandbox", "--port", "0", "--for-sheet", &sheet()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a sandbox");
        let mut lines = BufReader::new(sandbox.stdout.take().expect("its output")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        let port =
            next().rsplit(':').next().expect("a port").trim_end_matches('/').parse().expect("a number");
        next();
        let credentials = next()
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Place { folder: tempfile::tempdir().expect("a folder"), sandbox, port, credentials }
    }

    fn run(&self, url: &str, variables: &[(&str, &str)]) -> (i32, String) {
        let mut command = binary();
        command.current_dir(&self.folder).args(["run", &sheet(), "--base-url", url]).args([
            "--limit",
            "1",
            "--yes",
            "--rate",
            "unlimited",
            "--timeout",
            "10s",
        ]);
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
            command.env_remove(name);
        }
        command.env_remove("SSL_CERT_FILE").env_remove("TRUSTHUB_PRIMARY_PROFILE_SID");
        command.envs(self.credentials.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let output = command.envs(variables.iter().copied()).output().expect("it runs");
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!text.contains("panicked"), "{text}");
        (output.status.code().unwrap_or(-1), text)
    }
}

/// A server that hands each connection on; it ends with the test's process. Gives its port, and how many
/// connections there were.
fn server(each: impl Fn(TcpStream) + Send + Sync + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let count = Arc::new(AtomicUsize::new(0));
    let (counter, each) = (count.clone(), Arc::new(each));
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let each = each.clone();
            std::thread::spawn(move || each(connection));
        }
    });
    (port, count)
}

/// TLS in front of another port.
fn encrypted(to: u16) -> (u16, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_file(CERTIFICATE).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(KEY).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    server(move |connection| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            connection.set_nonblocking(true).expect("a socket");
            let connection = tokio::net::TcpStream::from_std(connection).expect("a socket");
            let Ok(mut inner) = acceptor.accept(connection).await else { return };
            let mut outer = tokio::net::TcpStream::connect(("127.0.0.1", to)).await.expect("the sandbox");
            let _ = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
        });
    })
}

fn join(one: TcpStream, other: TcpStream) {
    let pass = |mut from: TcpStream, mut to: TcpStream| {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    };
    let (a, b) = (one.try_clone().expect("a socket"), other.try_clone().expect("a socket"));
    let there = std::thread::spawn(move || pass(a, b));
    pass(other, one);
    let _ = there.join();
}

#[test]
fn a_server_on_this_machine_is_reached_by_https_with_a_certificate_that_is_named() {
    let place = Place::new();
    let (port, _) = encrypted(place.port);
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{port}");
        let (code, text) = place.run(&url, &[("SSL_CERT_FILE", CERTIFICATE)]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("1  awaiting_profile_approval"), "{text}");
    }
}

#[test]
fn a_certificate_that_is_unknown_ends_the_run_at_once_and_the_way_out_is_named() {
    let place = Place::new();
    let (port, connections) = encrypted(place.port);
    let (code, text) = place.run(&format!("https://127.0.0.1:{port}"), &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("SSL_CERT_FILE") && text.contains("does not know"), "{text}");
    assert_eq!(connections.load(Ordering::SeqCst), 1, "it is not tried again");
}

#[test]
fn a_server_without_tls_ends_the_run_at_once() {
    let place = Place::new();
    let (port, connections) = server(|mut connection| {
        let _ = connection.read(&mut [0; 512]);
        let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let (code, text) = place.run(&format!("https://127.0.0.1:{port}"), &[("SSL_CERT_FILE", CERTIFICATE)]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("does not speak TLS"), "{text}");
    assert_eq!(connections.load(Ordering::SeqCst), 1, "it is not tried again");
}

#[test]
fn a_proxy_that_asks_for_a_password_ends_the_run_at_once_and_the_way_out_is_named() {
    let place = Place::new();
    let (port, connections) = server(|mut connection| {
        let _ = connection.read(&mut [0; 512]);
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let _ = connection.write_all(answer);
    });
    let proxy = format!("http://127.0.0.1:{port}");
    let variables = [("HTTPS_PROXY", proxy.as_str()), ("SSL_CERT_FILE", CERTIFICATE)];
    let (code, text) = place.run("https://onboarding.example", &variables);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("the proxy asks for a user name and a password"), "{text}");
    assert_eq!(connections.load(Ordering::SeqCst), 1, "it is not tried again");
}

#[test]
fn a_socks_proxy_is_used() {
    let place = Place::new();
    let (tls, _) = encrypted(place.port);
    let (port, connections) = server(move |mut connection| {
        let mut head = [0; 2];
        connection.read_exact(&mut head).expect("a greeting");
        assert_eq!(head[0], 5, "SOCKS 5");
        connection.read_exact(&mut vec![0; head[1].into()]).expect("its methods");
        connection.write_all(&[5, 0]).expect("no password");
        let mut head = [0; 5];
        connection.read_exact(&mut head).expect("a request");
        assert_eq!(&head[..4], [5, 1, 0, 3], "a connection to a host by its name");
        let mut host = vec![0; usize::from(head[4]) + 2];
        connection.read_exact(&mut host).expect("a host");
        assert_eq!(&host[..host.len() - 2], b"onboarding.example");
        connection.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).expect("connected");
        join(connection, TcpStream::connect(("127.0.0.1", tls)).expect("the server"));
    });
    let proxy = format!("socks5h://127.0.0.1:{port}");
    let variables = [("ALL_PROXY", proxy.as_str()), ("SSL_CERT_FILE", CERTIFICATE)];
    let (code, text) = place.run("https://onboarding.example", &variables);
    assert_eq!(code, 0, "{text}");
    assert!(connections.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_proxy_that_cannot_be_used_is_no_reason_to_go_without_one() {
    let place = Place::new();
    for proxy in ["gopher://user:hidden-word@127.0.0.1:70", "socks6://127.0.0.1", "http://"] {
        let (code, text) = place.run("https://onboarding.example", &[("HTTPS_PROXY", proxy)]);
        assert_eq!(code, 1, "{proxy}: {text}");
        assert!(text.contains("HTTPS_PROXY names a proxy that cannot be used"), "{proxy}: {text}");
        assert!(!text.contains("hidden-word"), "{text}");
    }
}
