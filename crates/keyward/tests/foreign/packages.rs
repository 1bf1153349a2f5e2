//! The libraries the scripts use, by their exact versions: fetched once, kept in the target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the scripts are, by language.
pub(crate) fn scripts(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(language)
}

/// A Python with the libraries.
pub(crate) fn python() -> PathBuf {
    let python = named("KEYWARD_TEST_PYTHON", "python3");
    let list = scripts("python").join("requirements.txt");
    let folder = Folder::locked("python");
    let bin = folder.path.join(if cfg!(windows) { "Scripts" } else { "bin" }).join("python");
    folder.fill(&[&version(&python), &read(&list)], |path| {
        run(Command::new(&python).args(["-m", "venv"]).arg(path));
        run(Command::new(&bin).args(["-m", "pip", "install", "--quiet", "--no-deps", "-r"]).arg(&list));
    });
    bin
}

/// axe, which judges whether a page can be used by everybody; `None` where there is no npm to fetch it.
pub(crate) fn axe() -> Option<String> {
    module("axe-core/axe.min.js")
}

/// oidc-client-ts for browsers; `None` where there is no npm to fetch it.
pub(crate) fn oidc_client() -> Option<String> {
    module("oidc-client-ts/dist/browser/oidc-client-ts.min.js")
}

/// A script of a library for browsers.
fn module(path: &str) -> Option<String> {
    if Command::new(named("KEYWARD_TEST_NPM", "npm")).arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI skips nothing: install npm");
        eprintln!("skipped: there is no npm here, which fetches {path}; `apt-get install npm` gets it");
        return None;
    }
    Some(read(&node().join("node_modules").join(path)))
}

/// A folder with the libraries for Node.js, and with the scripts: a module looks for others beside itself only.
pub(crate) fn node() -> PathBuf {
    let npm = named("KEYWARD_TEST_NPM", "npm");
    let source = scripts("node");
    let lists = ["package.json", "package-lock.json"];
    let folder = Folder::locked("node");
    folder.fill(&lists.map(|list| read(&source.join(list))).each_ref().map(String::as_str), |path| {
        fs::create_dir(path).unwrap();
        for list in lists {
            fs::copy(source.join(list), path.join(list)).unwrap();
        }
        let quietly = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new(&npm).args(quietly).current_dir(path));
    });
    for entry in source.read_dir().unwrap() {
        let script = entry.unwrap().path();
        if script.extension().is_some_and(|extension| extension == "mjs") {
            fs::copy(&script, folder.path.join(script.file_name().unwrap())).unwrap();
        }
    }
    folder.path
}

/// A TypeScript program, compiled strictly with the types that openapi-typescript reads from our document.
pub(crate) fn typescript(folder: &Path, program: &str) -> PathBuf {
    let (source, place) = (scripts("node").join("typescript"), folder.join("typescript"));
    fs::create_dir_all(&place).unwrap();
    for file in ["tsconfig.json".to_owned(), format!("{program}.ts")] {
        fs::copy(source.join(&file), place.join(&file)).unwrap();
    }
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let module = |path: &str| {
        let mut command = Command::new(named("KEYWARD_TEST_NODE", "node"));
        command.arg(folder.join("node_modules").join(path)).current_dir(&place);
        command
    };
    // What has a default need not be sent.
    let generate = ["--default-non-nullable=false", "--output", "keyward.d.ts"];
    run(module("openapi-typescript/bin/cli.js").arg(document).args(generate));
    run(&mut module("typescript/bin/tsc"));
    place.join(format!("{program}.js"))
}

/// The program a variable names, or else the usual one.
pub(crate) fn named(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| usual.into()).into()
}

/// A folder of ours, while no other test run looks into it.
struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    fn locked(name: &str) -> Self {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("foreign");
        fs::create_dir_all(&place).unwrap();
        let lock = File::create(place.join(format!("{name}.lock"))).unwrap();
        lock.lock().unwrap();
        Self { path: place.join(name), _lock: lock }
    }

    /// Has the folder filled anew, unless that was done to the end for the same lists.
    fn fill(&self, lists: &[&str], install: impl FnOnce(&Path)) {
        let stamp = self.path.join("installed");
        let wanted = lists.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return;
        }
        if self.path.exists() {
            fs::remove_dir_all(&self.path).unwrap();
        }
        install(&self.path);
        fs::write(stamp, wanted).unwrap();
    }
}

fn version(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output();
    let output = output.unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
    String::from_utf8(output.stdout).unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed ({}):\n{out}{err}", output.status);
}
