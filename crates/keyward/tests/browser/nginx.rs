//! nginx in front of a server, with the `location` blocks that a test writes.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running nginx on this machine, ended when dropped.
pub(crate) struct Nginx {
    process: Child,
    folder: TempDir,
}

impl Nginx {
    /// nginx on this port with these blocks in its `server`; `None` where it is not installed.
    pub(crate) fn start(port: u16, blocks: &str) -> Option<Self> {
        let program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"];
        let Some(program) = program.iter().find(|path| Path::new(path).exists()) else {
            assert!(std::env::var_os("CI").is_none(), "CI skips nothing: install nginx");
            eprintln!("skipped: there is no nginx here; `apt-get install nginx` gets it");
            return None;
        };
        let folder = TempDir::with_prefix("nginx-").unwrap();
        let place = folder.path().display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {place}/{name};\n"))
            .concat();
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n\
            {temporary}server {{\nlisten 127.0.0.1:{port};\n{blocks}\n}}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let mut command = Command::new(program);
        command.arg("-e").arg("stderr").arg("-p").arg(folder.path()).arg("-c").arg(file);
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut nginx = Self { process: command.spawn().unwrap(), folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(nginx.process.try_wait().unwrap().is_none(), "nginx ended: {}", nginx.log());
            assert!(begun.elapsed() < PATIENCE, "nginx does not start: {}", nginx.log());
            sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- nginx\n{}", self.log());
        }
    }
}

/// A port that is free, most likely.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
