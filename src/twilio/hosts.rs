//! Where the two APIs are.

use crate::flow::Host;
use crate::model::Fault;
use url::Url;

/// Where requests go: Twilio itself, or one other server for both APIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `region` and `edge` shape the host names as Twilio's SDKs do: `trusthub.EDGE.REGION.twilio.com`.
    Twilio { region: Option<String>, edge: Option<String> },
    /// Any other server, such as a sandbox.
    Other(Url),
}

/// The base URLs of both APIs, read once and not for each request.
pub struct Hosts {
    api: Url,
    trust_hub: Url,
}

impl Endpoint {
    /// An endpoint given by its base URL.
    ///
    /// # Errors
    /// It is no http(s) URL; or it is plain http to another machine, which would send the auth token
    /// in clear.
    pub fn other(base_url: &str) -> Result<Endpoint, Fault> {
        let fix = "Give a URL such as https://example.com or http://127.0.0.1:4010 with --base-url.";
        let Ok(url) = Url::parse(base_url) else {
            return Err(Fault::new(format!("The base URL {base_url:?} cannot be read"), fix));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Fault::new(
                "The base URL holds a user name or password",
                "Credentials come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN only.",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Fault::new("The base URL has something behind its path (? or #)", fix));
        }
        match url.scheme() {
            "https" => Ok(Endpoint::Other(url)),
            "http" if is_loopback(&url) => Ok(Endpoint::Other(url)),
            "http" => Err(Fault::new(
                format!("{url} is not encrypted, and it is another machine"),
                "Use https: the auth tokens of all subaccounts go over this connection.",
            )),
            _ => Err(Fault::new(format!("The base URL {url} is not http or https"), fix)),
        }
    }

    /// The base URL of an API, without a slash at the end.
    pub fn base(&self, host: Host) -> String {
        match self {
            Endpoint::Twilio { region, edge } => {
                let product = match host {
                    Host::Api => "api",
                    Host::TrustHub => "trusthub",
                };
                // An edge without a region means the region us1, as in Twilio's SDKs.
                let region = region.as_deref().or(edge.as_ref().map(|_| "us1"));
                let parts = [Some(product), edge.as_deref(), region, Some("twilio.com")];
                format!("https://{}", parts.into_iter().flatten().collect::<Vec<_>>().join("."))
            }
            Endpoint::Other(url) => url.as_str().trim_end_matches('/').to_owned(),
        }
    }

    /// # Errors
    /// What stands for a region or an edge cannot be part of a host's name.
    pub fn hosts(&self) -> Result<Hosts, Fault> {
        let base = |host| {
            let base = self.base(host);
            Url::parse(&base).map_err(|_| {
                Fault::new(
                    format!("{base} is no address of a server"),
                    "Check TWILIO_REGION and TWILIO_EDGE.",
                )
            })
        };
        Ok(Hosts { api: base(Host::Api)?, trust_hub: base(Host::TrustHub)? })
    }

    /// The name of the world in the ledger.
    pub fn target(&self) -> String {
        match self {
            Endpoint::Twilio { region: None, .. } => "twilio".to_owned(),
            // Another region is another set of accounts' resources.
            Endpoint::Twilio { region: Some(region), .. } if region == "us1" => "twilio".to_owned(),
            Endpoint::Twilio { region: Some(region), .. } => format!("twilio:{region}"),
            Endpoint::Other(url) => url.as_str().trim_end_matches('/').to_owned(),
        }
    }

    /// Whether requests go out by https.
    pub fn is_encrypted(&self) -> bool {
        !matches!(self, Endpoint::Other(url) if url.scheme() == "http")
    }

    /// Whether requests stay on this machine.
    pub fn is_loopback(&self) -> bool {
        matches!(self, Endpoint::Other(url) if is_loopback(url))
    }
}

impl Hosts {
    /// The address of a path, with its query, on one of them.
    pub fn address(&self, host: Host, path: &str) -> Url {
        let base = match host {
            Host::Api => &self.api,
            Host::TrustHub => &self.trust_hub,
        };
        let (path, query) = path.split_once('?').map_or((path, None), |it| (it.0, Some(it.1)));
        let mut url = base.clone();
        url.set_path(&[base.path().trim_end_matches('/'), path].concat());
        url.set_query(query);
        url
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twilio(region: Option<&str>, edge: Option<&str>) -> Endpoint {
        Endpoint::Twilio { region: region.map(str::to_owned), edge: edge.map(str::to_owned) }
    }

    #[test]
    fn region_and_edge_shape_the_hosts_as_twilios_sdks_do() {
        let trust_hub = |endpoint: Endpoint| endpoint.base(Host::TrustHub);
        assert_eq!(trust_hub(twilio(None, None)), "https://trusthub.twilio.com");
        assert_eq!(trust_hub(twilio(Some("ie1"), None)), "https://trusthub.ie1.twilio.com");
        assert_eq!(trust_hub(twilio(None, Some("dublin"))), "https://trusthub.dublin.us1.twilio.com");
        assert_eq!(trust_hub(twilio(Some("ie1"), Some("dublin"))), "https://trusthub.dublin.ie1.twilio.com");
        assert_eq!(twilio(None, None).base(Host::Api), "https://api.twilio.com");
    }

    #[test]
    fn an_address_is_the_base_with_the_path_and_the_query_behind_it() {
        let address =
            |base, path| Endpoint::other(base)?.hosts().map(|it| it.address(Host::Api, path).to_string());
        for base in ["https://example.com/twilio", "https://example.com/twilio/"] {
            let address = address(base, "/v1/Addresses?PolicySid=RN1&Page=2").expect("an address");
            assert_eq!(address, "https://example.com/twilio/v1/Addresses?PolicySid=RN1&Page=2");
        }
        assert_eq!(
            address("http://[::1]:4010", "/v1/Addresses").expect("one"),
            "http://[::1]:4010/v1/Addresses"
        );
        let fault = twilio(Some("a region"), None).hosts().err().expect("no host has such a name");
        assert!(fault.what().contains("a region") && fault.fix().contains("TWILIO_REGION"), "{fault}");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        assert!(Endpoint::other("http://127.0.0.1:4010/").is_ok());
        assert!(Endpoint::other("http://[::1]:4010").is_ok());
        assert!(Endpoint::other("http://localhost:4010").is_ok());
        assert!(Endpoint::other("https://example.com").is_ok());
        assert!(Endpoint::other("http://example.com").is_err());
        assert!(Endpoint::other("http://127.0.0.1.example.com").is_err());
        assert!(Endpoint::other("ftp://127.0.0.1").is_err());
        assert!(Endpoint::other("https://example.com/?key=secret").is_err());
        assert!(Endpoint::other("https://user:secret@example.com").is_err());
    }

    #[test]
    fn the_world_is_the_same_however_the_url_ends() {
        let world = |url| Endpoint::other(url).map(|it| it.target());
        assert_eq!(world("http://127.0.0.1:4010"), world("http://127.0.0.1:4010/"));
        assert_eq!(twilio(Some("us1"), Some("ashburn")).target(), "twilio");
    }
}
