//! Every kind of page in a real browser without a network: nothing on the console, and charts that answer.
//!
//! The browser is Chromium as Debian packages it, named by the variable `CHROMIUM`; where it is not set the test says that
//! it was skipped. It is spoken to over the DevTools protocol. Pictures of the pages are left in the build
//! folder, for people to look at.

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// A page must have drawn its charts by then.
const PATIENCE_MS: u32 = 60_000;

/// A browser with one page.
struct Browser {
    process: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    next: u64,
    complaints: Vec<String>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "finds the browser that a test may drive"
)]
fn chromium() -> Option<PathBuf> {
    std::env::var_os("CHROMIUM").map(PathBuf::from)
}

impl Browser {
    fn start(program: &Path, profile: &Path) -> Self {
        // A browser that was killed leaves a lock in its profile.
        let _ = std::fs::remove_dir_all(profile);
        let mut process = Command::new(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args([
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                "--hide-scrollbars",
            ])
            // No name leads anywhere, so that a page which asks for anything fails.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let lines = BufReader::new(process.stderr.take().expect("its messages")).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_string))
            .expect("the browser says where it listens");
        let (socket, _) = tungstenite::connect(address.as_str()).expect("the browser answers");
        let mut browser = Self {
            process,
            socket,
            session: String::new(),
            next: 0,
            complaints: Vec::new(),
        };
        let page = browser.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", &attach);
        browser.session = session["sessionId"].as_str().expect("a session").to_string();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            browser.ask(domain, &json!({}));
        }
        browser
    }

    /// Asks and waits for the answer; what the page complains of meanwhile is kept.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.socket
            .send(Message::text(message.to_string()))
            .expect("the browser listens");
        loop {
            let Message::Text(text) = self.socket.read().expect("the browser speaks") else {
                continue;
            };
            let heard: Value = serde_json::from_str(text.as_str()).expect("the browser speaks JSON");
            if heard["id"] == json!(self.next) {
                assert!(heard["error"].is_null(), "{method}: {}", heard["error"]);
                return heard["result"].clone();
            }
            self.listen(&heard);
        }
    }

    fn listen(&mut self, heard: &Value) {
        let params = &heard["params"];
        let told = match heard["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" => Some(params["args"].to_string()),
            "Log.entryAdded" => Some(params["entry"].to_string()),
            // A dialog would hold everything up.
            "Page.javascriptDialogOpening" => panic!("the page opens a dialog: {params}"),
            "Network.requestWillBeSent" => {
                let address = params["request"]["url"].as_str().unwrap_or_default();
                let is_own = ["file:", "data:", "about:"]
                    .iter()
                    .any(|kind| address.starts_with(kind));
                (!is_own).then(|| format!("the page asks for {address}"))
            }
            _ => None,
        };
        self.complaints.extend(told);
    }

    fn run(&mut self, script: &str) -> Value {
        let params = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let answer = self.ask("Runtime.evaluate", &params);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{script}: {}",
            answer["exceptionDetails"]
        );
        answer["result"]["value"].clone()
    }

    /// Sets width and colours, opens a file and waits for its charts.
    fn open(&mut self, file: &Path, width: u32, colours: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        let dark = json!({"media": "", "features": [{"name": "prefers-color-scheme", "value": colours}]});
        self.ask("Emulation.setEmulatedMedia", &dark);
        self.ask(
            "Page.navigate",
            &json!({"url": format!("file://{}", file.display())}),
        );
        let waited = format!(
            "new Promise((done) => {{ const from = Date.now(); const look = () => \
             document.readyState === 'complete' && document.documentElement.dataset.charts === 'ready' ? done('ready') : \
             Date.now() - from > {PATIENCE_MS} ? done('late') : setTimeout(look, 50); look(); }})"
        );
        assert_eq!(
            self.run(&waited),
            "ready",
            "{}: {:?}",
            file.display(),
            self.complaints
        );
    }

    fn picture(&mut self, to: &Path) {
        let size = self.ask("Page.getLayoutMetrics", &json!({}));
        let content = &size["cssContentSize"];
        let clip =
            json!({"x": 0, "y": 0, "width": content["width"], "height": content["height"], "scale": 1});
        let shot = self.ask(
            "Page.captureScreenshot",
            &json!({"captureBeyondViewport": true, "clip": clip}),
        );
        write(to, &shot["data"]);
    }

    fn print(&mut self, to: &Path) {
        let printed = self.ask("Page.printToPDF", &json!({"printBackground": true}));
        write(to, &printed["data"]);
    }

    /// A click of the mouse in the middle of what a script finds, given as [x, y].
    fn click(&mut self, place: &Value) {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event =
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", &event);
        }
    }
}

fn write(to: &Path, encoded: &Value) {
    use base64::Engine;
    let text = encoded.as_str().expect("encoded bytes");
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64");
    std::fs::write(to, bytes).expect("a place for pictures");
}

/// Points at the middle of the first mark of each chart, and clicks the first name of each legend.
fn click_through(browser: &mut Browser, kind: &str) {
    let figures = browser
        .run("document.querySelectorAll('figure').length")
        .as_u64()
        .unwrap();
    assert!(figures > 0, "{kind} has no picture");
    let ready = browser.run("document.querySelectorAll('figure[data-chart=ready] .chart svg').length");
    assert_eq!(
        ready.as_u64(),
        Some(figures),
        "{kind}: a drawing was not made a chart of"
    );
    for figure in 0..figures {
        let middle = |what: &str| {
            format!(
                "(() => {{ const f = document.querySelectorAll('figure')[{figure}]; f.scrollIntoView({{block: 'center'}}); \
                 const e = f.querySelector('{what}'); if (!e) return null; const b = e.getBoundingClientRect(); \
                 return [b.left + b.width / 2, b.top + b.height / 2]; }})()"
            )
        };
        let marks = ".chart .mark-symbol.role-mark path, .chart .mark-rect.role-mark path, .chart .mark-area.role-mark path";
        let mark = browser.run(&middle(marks));
        assert!(mark.is_array(), "{kind}, picture {figure}: there is no mark");
        browser.click(&mark);
        let name = browser.run(&middle(".chart .role-legend-label text"));
        if name.is_array() {
            let faint = format!(
                "document.querySelectorAll('figure')[{figure}].querySelectorAll('.chart .role-legend-label text[opacity]:not([opacity=\"1\"])').length"
            );
            let names = format!(
                "document.querySelectorAll('figure')[{figure}].querySelectorAll('.chart .role-legend-label text').length"
            );
            browser.click(&name);
            browser.run("new Promise((done) => setTimeout(done, 60))");
            let others = browser.run(&names).as_u64().unwrap() - 1;
            assert_eq!(
                browser.run(&faint).as_u64(),
                Some(others),
                "{kind}, picture {figure}: picking a name does nothing"
            );
            browser.click(&name);
        }
    }
    // One chart shows its tip where it is pointed at: the rectangles of a picture are hard to miss.
    let bar = browser.run(
        "(() => { const e = document.querySelector('.chart .mark-rect.role-mark path'); if (!e) return null; \
         e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; })()",
    );
    if bar.is_array() {
        browser.click(&bar);
        let tip = browser
            .run("document.querySelector('.tip').hidden ? '' : document.querySelector('.tip').textContent");
        assert_ne!(tip, "", "{kind}: a mark has no tip");
    }
    let download =
        browser.run("document.querySelector('figure details a').getAttribute('href').slice(0, 14)");
    assert_eq!(download, "data:text/csv;");
}

#[test]
fn every_page_is_quiet_offline_and_its_charts_answer() {
    let Some(program) = chromium() else {
        eprintln!(
            "skipped: CHROMIUM names no browser (on Debian: apt-get install chromium, CHROMIUM=/usr/bin/chromium)"
        );
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).unwrap();
    let pages = [
        ("run", support::sample_directory("browser-run")),
        ("hostile", support::hostile_directory("browser-hostile")),
        ("sweep", support::sweep_directory("browser-sweep")),
        ("solve", support::solve_directory("browser-solve")),
        ("calibration", support::calibration_file()),
        (
            "game",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery/best-responses"),
        ),
    ];
    let mut browser = Browser::start(&program, &folder.join("profile"));
    for (kind, path) in pages {
        let file = folder.join(format!("{kind}.html"));
        std::fs::write(&file, support::page(&path)).unwrap();
        browser.open(&file, 390, "light");
        browser.picture(&folder.join(format!("{kind}-phone.png")));
        let wide = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(wide.as_i64(), Some(0), "{kind} is wider than a phone");
        browser.open(&file, 1200, "dark");
        browser.picture(&folder.join(format!("{kind}-dark.png")));
        browser.open(&file, 1200, "light");
        browser.picture(&folder.join(format!("{kind}-light.png")));
        browser.print(&folder.join(format!("{kind}.pdf")));
        click_through(&mut browser, kind);
        assert!(
            browser.complaints.is_empty(),
            "{kind}: {}",
            browser.complaints.join("\n")
        );
    }
}

#[test]
fn a_page_without_scripts_shows_every_drawing() {
    let Some(program) = chromium() else {
        eprintln!(
            "skipped: CHROMIUM names no browser (on Debian: apt-get install chromium, CHROMIUM=/usr/bin/chromium)"
        );
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-still");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("run.html");
    std::fs::write(
        &file,
        support::page(&support::sample_directory("browser-still-run")),
    )
    .unwrap();
    let mut browser = Browser::start(&program, &folder.join("profile"));
    browser.ask("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    browser.ask(
        "Page.navigate",
        &json!({"url": format!("file://{}", file.display())}),
    );
    // With scripts off no timer runs in the page either.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let seen = "[...document.querySelectorAll('figure .drawing svg')].filter((drawing) => \
                drawing.getBoundingClientRect().height > 100).length === document.querySelectorAll('figure').length";
    assert_eq!(browser.run(seen), json!(true));
    assert_eq!(
        browser.run("document.querySelectorAll('.chart svg').length"),
        json!(0)
    );
}
