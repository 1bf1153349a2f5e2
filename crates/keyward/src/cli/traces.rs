//! Traces: one span a request, sent to a collector by OTLP over HTTP (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! Only in a build with the feature `otlp`; without it a collector in the settings stops the start. The collector is near
//! (a sidecar, the same machine), so it is spoken to in plain HTTP, by the exporter's own thread.

#[cfg(not(feature = "otlp"))]
pub(super) use off::Traces;
#[cfg(feature = "otlp")]
pub(super) use on::Traces;

#[cfg(not(feature = "otlp"))]
mod off {
    use crate::cli::settings::watch::WatchSettings;
    use tracing_subscriber::layer::Identity;

    use crate::cli::output::Problem;

    /// Nothing.
    pub(crate) struct Traces;

    #[expect(clippy::unused_self, reason = "called as it is with the feature")]
    impl Traces {
        /// # Errors
        /// When traces are asked for.
        pub(crate) fn open(settings: &WatchSettings) -> Result<Self, Problem> {
            match settings.otlp_endpoint {
                None => Ok(Self),
                Some(_) => {
                    Err("KEYWARD_OTLP_ENDPOINT: this build sends no traces; build with --features otlp"
                        .to_owned())
                }
            }
        }

        pub(crate) fn layer(&self) -> Identity {
            Identity::new()
        }

        pub(crate) fn close(self) {}
    }
}

#[cfg(feature = "otlp")]
mod on {
    use std::io::{BufWriter, Read, Write};
    use std::net::{TcpStream, ToSocketAddrs};
    use std::time::Duration;

    use crate::cli::settings::watch::WatchSettings;
    use async_trait::async_trait;
    use axum::http::Uri;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
    use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
    use tracing::Subscriber;
    use tracing_opentelemetry::OpenTelemetryLayer;
    use tracing_subscriber::registry::LookupSpan;

    use crate::cli::output::Problem;

    /// How long the collector may take for each step.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// How much of its answer is read.
    const MOST: u64 = 64 * 1024;

    /// Spans on their way to the collector, if there is one.
    pub(crate) struct Traces(Option<SdkTracerProvider>);

    impl Traces {
        /// # Errors
        /// When the collector's address is not usable.
        pub(crate) fn open(settings: &WatchSettings) -> Result<Self, Problem> {
            let Some(endpoint) = &settings.otlp_endpoint else { return Ok(Self(None)) };
            let shape = "KEYWARD_OTLP_ENDPOINT must be like http://127.0.0.1:4318/v1/traces";
            let uri: Uri = endpoint.parse().map_err(|_| shape)?;
            if uri.scheme_str() != Some("http") || uri.host().is_none() {
                return Err(format!("{shape}: put a collector near by, and let that one speak TLS"));
            }
            let exporter =
                SpanExporter::builder().with_http().with_http_client(Plain).with_endpoint(endpoint);
            let exporter = exporter.build().map_err(|error| format!("{shape}: {error}"))?;
            let name = Resource::builder().with_service_name("keyward").build();
            let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(name);
            Ok(Self(Some(provider.build())))
        }

        pub(crate) fn layer<S>(&self) -> Option<OpenTelemetryLayer<S, Tracer>>
        where
            S: Subscriber + for<'span> LookupSpan<'span>,
        {
            let tracer = self.0.as_ref()?.tracer("keyward");
            Some(tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false))
        }

        /// Sends what is left.
        pub(crate) fn close(self) {
            if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
                tracing::warn!(%error, "the last traces were lost");
            }
        }
    }

    /// HTTP/1.1 over the standard library, a connection for each batch.
    #[derive(Debug)]
    struct Plain;

    #[async_trait]
    impl HttpClient for Plain {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            send(&request).inspect_err(|error| tracing::warn!(%error, "the collector did not take traces"))
        }
    }

    fn send(request: &Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let uri = request.uri();
        let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80));
        let host = host.trim_matches(['[', ']']);
        let address = (host, port).to_socket_addrs()?.next().ok_or("its name has no address")?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let (path, length) = (uri.path(), request.body().len());
        let mut out = BufWriter::new(&stream);
        write!(out, "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n")?;
        for (name, value) in request.headers() {
            write!(out, "{name}: {}\r\n", value.to_str()?)?;
        }
        write!(out, "Content-Length: {length}\r\n\r\n")?;
        out.write_all(request.body())?;
        out.flush()?;
        drop(out);
        let mut answer = Vec::new();
        stream.take(MOST).read_to_end(&mut answer)?;
        let line = String::from_utf8_lossy(&answer);
        let status: u16 = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .ok_or("it does not speak HTTP/1.1")?;
        Ok(Response::builder().status(status).body(Bytes::new())?)
    }
}
