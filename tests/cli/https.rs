//! Encrypted connections, proxies, and what no waiting mends: the real binary against servers on this machine.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
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
        let mut command = self.command(&sheet(), url, variables);
        Place::ended(command.arg("--yes").output().expect("it runs"))
    }

    /// The same run at a terminal, in which somebody types `answer`.
    fn asked(&self, sheet: &str, url: &str, variables: &[(&str, &str)], answer: &str) -> (i32, String) {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keyboard).expect("its own");
        unlockpt(&keyboard).expect("open");
        let name = ptsname(&keyboard, Vec::new()).expect("its name").into_string().expect("text");
        let screen = File::options().read(true).write(true).open(name).expect("its other end");
        let mut keyboard = File::from(keyboard);
        keyboard.write_all(answer.as_bytes()).expect("typed");
        let mut command = self.command(sheet, url, variables);
        Place::ended(command.stdin(Stdio::from(screen)).output().expect("it runs"))
    }

    fn command(&self, sheet: &str, url: &str, variables: &[(&str, &str)]) -> Command {
        let mut command = binary();
        command.current_dir(&self.folder).args(["run", sheet, "--base-url", url]).args([
            "--limit",
            "1",
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
        command.envs(variables.iter().copied());
        command
    }

    fn ended(output: Output) -> (i32, String) {
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

/// A proxy that takes every host for the server at a port, so that a run is one to another machine.
fn proxy(to: u16) -> String {
    let (port, _) = server(move |mut connection| {
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).expect("a request");
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"CONNECT "), "{}", String::from_utf8_lossy(&head));
        connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("connected");
        join(connection, TcpStream::connect(("127.0.0.1", to)).expect("the server"));
    });
    format!("http://127.0.0.1:{port}")
}

const PRIMARY: &str = "BU5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

#[test]
fn the_question_names_the_primary_profile_and_after_a_no_nothing_is_begun() {
    let place = Place::new();
    let proxy = proxy(encrypted(place.port).0);
    let base = [("HTTPS_PROXY", proxy.as_str()), ("SSL_CERT_FILE", CERTIFICATE)];
    let with_its_sid = [base[0], base[1], ("TRUSTHUB_PRIMARY_PROFILE_SID", PRIMARY)];
    // Whether it is given or found.
    for variables in [&base[..], &with_its_sid[..]] {
        let (code, text) = place.asked(&sheet(), "https://onboarding.example", variables, "n\n");
        assert_eq!(code, 6, "{text}");
        assert!(text.contains("Going live at https://onboarding.example"), "{text}");
        assert!(text.contains("parent account AC"), "{text}");
        assert!(text.contains(&format!("primary profile: {PRIMARY} (Made before)\n")), "{text}");
        assert!(text.contains("1 customer, ") && text.contains(" calls; what is submitted"), "{text}");
        let left = std::fs::read_dir(&place.folder).expect("the folder").count();
        assert_eq!(left, 0, "no ledger and no results: {text}");
    }
    let (code, text) = place.asked(&sheet(), "https://onboarding.example", &base, "y\n");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1  awaiting_profile_approval"), "{text}");
}

#[test]
fn a_primary_profile_that_cannot_be_used_is_told_before_the_question() {
    let place = Place::new();
    let proxy = proxy(encrypted(place.port).0);
    let base = [("HTTPS_PROXY", proxy.as_str()), ("SSL_CERT_FILE", CERTIFICATE)];
    let unknown = "BU00000000000000000000000000000001";
    for (variable, value, said) in [
        ("TRUSTHUB_PRIMARY_PROFILE_SID", unknown, "there is none in the parent account"),
        ("TWILIO_AUTH_TOKEN", "another-token", "credentials are refused"),
    ] {
        let (code, text) = place.asked(
            &sheet(),
            "https://onboarding.example",
            &[base[0], base[1], (variable, value)],
            "y\n",
        );
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(said) && !text.contains("Go on?"), "{text}");
        assert_eq!(std::fs::read_dir(&place.folder).expect("the folder").count(), 0, "{text}");
    }
}

#[test]
fn where_rows_name_their_own_primary_profile_the_question_says_so() {
    let place = Place::new();
    let proxy = proxy(encrypted(place.port).0);
    let variables = [("HTTPS_PROXY", proxy.as_str()), ("SSL_CERT_FILE", CERTIFICATE)];
    let mut rows = csv::Reader::from_path(sheet()).expect("the sample");
    let column = rows.headers().expect("headers").iter().position(|it| it == "primary_profile_sid");
    let column = column.expect("a column of primary profiles");
    let headers = rows.headers().expect("headers").clone();
    let records: Vec<csv::StringRecord> = rows.records().map(|it| it.expect("a row")).collect();
    for (own, said) in [
        (records.len(), "primary profile: each row names its own\n"),
        (1, "(Made before); rows that name their own are linked to theirs\n"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("own.csv");
        let mut written = csv::Writer::from_path(&path).expect("a sheet");
        written.write_record(&headers).expect("headers");
        for (at, record) in records.iter().enumerate() {
            let cell = |(number, cell)| if number == column && at < own { PRIMARY } else { cell };
            written.write_record(record.iter().enumerate().map(cell)).expect("a row");
        }
        written.flush().expect("written");
        let path = path.display().to_string();
        let (code, text) = place.asked(&path, "https://onboarding.example", &variables, "n\n");
        assert_eq!(code, 6, "{text}");
        assert!(text.contains(said), "{text}");
    }
}
