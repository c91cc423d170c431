//! What the main file's own tables cannot hold.

use super::{Case, Folder, LEAST, check_all};

const FETCH: &[Case] = &[
    (
        "contakt = 1",
        &[
            r#"5:1: fetch.contakt: unknown key, expected contact, allow_private, connect_timeout, header_timeout, idle_timeout, total_timeout, max_body, max_redirects, concurrency, host_interval, host_burst, max_freshness, full_read_every, headers, proxy, proxy_password_file, ca_file, browser, browser_timeout, browser_max_memory; did you mean "contact"?"#,
        ],
    ),
    (
        r#"max_body = "16 MB/s""#,
        &[r#"5:12: fetch.max_body: found "16 MB/s", expected a size from 1 KiB to 1 GiB, such as "16 MiB""#],
    ),
    (
        r#"max_body = "2 GiB""#,
        &[r#"5:12: fetch.max_body: found "2 GiB", expected a size from 1 KiB to 1 GiB, such as "16 MiB""#],
    ),
    (
        "max_body = 16",
        &[r#"5:12: fetch.max_body: found "16", expected a size from 1 KiB to 1 GiB, such as "16 MiB""#],
    ),
    (
        r#"host_interval = "2""#,
        &[
            r#"5:17: fetch.host_interval: found "2", expected a length of time from 0s to 1h, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    (
        r#"host_interval = "2h""#,
        &[
            r#"5:17: fetch.host_interval: found "2h", expected a length of time from 0s to 1h, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    (
        r#"total_timeout = "0s""#,
        &[
            r#"5:17: fetch.total_timeout: found "0s", expected a length of time from 1s to 1h, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    ("host_burst = 0", &["5:14: fetch.host_burst: found 0, expected a whole number from 1 to 100"]),
    (
        r#"max_freshness = "2d""#,
        &[
            r#"5:17: fetch.max_freshness: found "2d", expected a length of time from 0s to 1d, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    (
        r#"browser = "/nowhere/chromium""#,
        &["5:11: fetch.browser: /nowhere/chromium is not a file, expected Chromium's program"],
    ),
    (
        r#"browser_timeout = "30s""#,
        &["5:19: fetch.browser_timeout: is given without a browser, expected browser as well"],
    ),
    ("concurrency = 0", &["5:15: fetch.concurrency: found 0, expected a whole number from 1 to 64"]),
    ("concurrency = 0x41", &["5:15: fetch.concurrency: found 0x41, expected a whole number from 1 to 64"]),
    (
        r#"max_redirects = "5""#,
        &["5:17: fetch.max_redirects: found a string, expected a whole number from 0 to 20"],
    ),
    (
        "full_read_every = -1",
        &["5:19: fetch.full_read_every: found -1, expected a whole number from 1 to 1000000"],
    ),
    (
        r#"allow_private = ["10.0.0.0/8"]"#,
        &[
            r#"5:18: fetch.allow_private[1]: found "10.0.0.0/8", expected the address of one machine such as "127.0.0.1" or "::1""#,
        ],
    ),
    (
        r#"allow_private = "127.0.0.1""#,
        &["5:17: fetch.allow_private: found a string, expected a list of addresses of machines"],
    ),
    (
        r#"allow_private = ["::1", "::1"]"#,
        &["5:25: fetch.allow_private[2]: stands in the list twice, expected once"],
    ),
    (
        r#"headers = { "X Y" = "a" }"#,
        &[r#"5:13: fetch.headers."X Y": is not a header's name, expected letters, digits and hyphens"#],
    ),
    (
        r#"headers = { Host = "a" }"#,
        &["5:13: fetch.headers.Host: is decided by the program, expected another header"],
    ),
    (
        r#"headers = { A = "1", a = "2" }"#,
        &["5:22: fetch.headers.a: is given twice, expected once, capitals or not"],
    ),
    (
        r#"headers = { A = "é" }"#,
        &[
            "5:17: fetch.headers.A: is not a header's value, expected printable ASCII without blanks at its ends",
        ],
    ),
    ("headers = { A = 1 }", &["5:17: fetch.headers.A: found an integer, expected a string"]),
    (
        r#"proxy = "ftp://proxy.example""#,
        &[
            r#"5:9: fetch.proxy: found "ftp://proxy.example", expected a proxy such as "http://proxy.example:3128" or "socks5://user@proxy.example:1080""#,
        ],
    ),
    (
        r#"proxy = "proxy.example:3128""#,
        &[
            r#"5:9: fetch.proxy: found "proxy.example:3128", expected a proxy such as "http://proxy.example:3128" or "socks5://user@proxy.example:1080""#,
        ],
    ),
    (
        r#"proxy = "http://me@proxy.example:3128""#,
        &["5:9: fetch.proxy: names a user, expected proxy_password_file as well"],
    ),
    (
        r#"proxy = "http://me:pw@proxy.example""#,
        &[
            "5:9: fetch.proxy: holds a password, expected it in a file of its own, named by proxy_password_file",
        ],
    ),
    (
        r#"proxy_password_file = "missing""#,
        &[
            "5:23: fetch.proxy_password_file: missing cannot be read: No such file or directory (os error 2)",
            r#"5:23: fetch.proxy_password_file: is given without a user, expected a proxy such as "http://user@proxy.example:3128""#,
        ],
    ),
];

#[test]
fn what_cannot_be_asked_for_is_refused() {
    check_all(
        "[mail]\nfrom = \"alerts@tracker.example\"\n",
        "[fetch]\ncontact = \"ops@tracker.example\"\n",
        FETCH,
    );
}

const MAIL: &[Case] = &[
    (
        r#"transport = "smtp://me:pw@relay.example""#,
        &[
            "5:13: mail.transport: holds a password, expected it in a file of its own, named by password_file, or in REGWATCH_MAIL_PASSWORD",
        ],
    ),
    (
        r#"transport = "smtp://me@relay.example""#,
        &[
            "5:13: mail.transport: names a user, expected a password in password_file or in REGWATCH_MAIL_PASSWORD",
        ],
    ),
    (
        r#"transport = "smtp://relay.example:0""#,
        &[
            r#"5:13: mail.transport: does not name a relay, expected "maildir:../state/mail", "smtp://user@relay.example:587" or "smtps://user@relay.example""#,
        ],
    ),
    (
        r#"transport = "smtp://me%40b@relay.example""#,
        &[
            r#"5:13: mail.transport: holds a user that cannot be, written as it is and not percent-encoded, expected "maildir:../state/mail", "smtp://user@relay.example:587" or "smtps://user@relay.example""#,
        ],
    ),
    (
        r#"transport = "lmtp://relay.example""#,
        &[
            r#"5:13: mail.transport: is not a transport, expected "maildir:../state/mail", "smtp://user@relay.example:587" or "smtps://user@relay.example""#,
        ],
    ),
    (
        r#"transport = "maildir:""#,
        &[
            r#"5:13: mail.transport: is not a transport, expected "maildir:../state/mail", "smtp://user@relay.example:587" or "smtps://user@relay.example""#,
        ],
    ),
    (
        r#"transport = "sendmail""#,
        &[
            r#"5:13: mail.transport: is not a transport, expected "maildir:../state/mail", "smtp://user@relay.example:587" or "smtps://user@relay.example""#,
        ],
    ),
    (r#"tls = "none""#, &["5:7: mail.tls: belongs to an SMTP relay, expected none for a Maildir"]),
    (
        r#"transport = "smtp://me@relay.example"
tls = "none""#,
        &["6:7: mail.tls: would send the password in the clear, expected TLS wherever a user logs in"],
    ),
    (
        r#"transport = "smtp://me@localhost"
tls = "opportunistic""#,
        &[
            r#"6:7: mail.tls: would reveal the password to any server that answers, expected "starttls" wherever a user logs in"#,
        ],
    ),
    (
        r#"transport = "smtps://relay.example"
tls = "opportunistic""#,
        &[r#"6:7: mail.tls: contradicts "smtps://", expected it only beside "smtp://""#],
    ),
    (r#"tls = "opportunistic""#, &["5:7: mail.tls: belongs to an SMTP relay, expected none for a Maildir"]),
    (
        r#"transport = "smtps://relay.example"
tls = "starttls""#,
        &[r#"6:7: mail.tls: contradicts "smtps://", expected it only beside "smtp://""#],
    ),
    (
        r#"transport = "smtp://relay.example"
tls = "start-tls""#,
        &[
            r#"6:7: mail.tls: found "start-tls", expected one of starttls, opportunistic, none; did you mean "starttls"?"#,
        ],
    ),
    (
        r#"transport = "smtp://relay.example"
password_file = "missing""#,
        &["6:17: mail.password_file: missing cannot be read: No such file or directory (os error 2)"],
    ),
    (
        r#"password_file = "missing""#,
        &["5:17: mail.password_file: missing cannot be read: No such file or directory (os error 2)"],
    ),
    (
        r#"help_address = "nobody""#,
        &[r#"5:16: mail.help_address: "nobody" is not a usable mail address: expected name@domain"#],
    ),
    (
        r#"group_within = "soon""#,
        &[
            r#"5:16: mail.group_within: found "soon", expected a length of time from 0s to 1d, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    (r#"postal_address = " ""#, &["5:18: mail.postal_address: is blank, expected a postal address"]),
    ("concurrency = 33", &["5:15: mail.concurrency: found 33, expected a whole number from 1 to 32"]),
];

#[test]
fn what_cannot_be_mailed_is_refused() {
    check_all(
        "[fetch]\ncontact = \"ops@tracker.example\"\n",
        "[mail]\nfrom = \"alerts@tracker.example\"\n",
        MAIL,
    );
}

const WEB: &[Case] = &[
    (
        r#"listen = "8080""#,
        &[
            r#"7:10: web.listen: found "8080", expected an address and a port such as "127.0.0.1:8080" or "[::1]:8080""#,
        ],
    ),
    (
        r#"base_url = "http://tracker.example""#,
        &[
            r#"6:12: web.base_url: found "http://tracker.example", expected an https address such as "https://tracker.example"; http only for this machine itself"#,
        ],
    ),
    (
        r#"base_url = "https://me@tracker.example""#,
        &[
            r#"6:12: web.base_url: is not an address of a server, expected an https address such as "https://tracker.example""#,
        ],
    ),
    (
        r#"base_url = "https://tracker.example/?a=1""#,
        &[
            r#"6:12: web.base_url: found "https://tracker.example/?a=1", expected an https address such as "https://tracker.example" without ? and #, of at most 200 characters"#,
        ],
    ),
    (
        r#"trusted_proxies = ["10.0.0.0/8"]"#,
        &[
            r#"7:20: web.trusted_proxies[1]: found "10.0.0.0/8", expected the address of one machine such as "127.0.0.1" or "::1""#,
        ],
    ),
    ("client_rate = 0", &["7:15: web.client_rate: found 0, expected a whole number from 1 to 100000"]),
    ("total_rate = 0", &["7:14: web.total_rate: found 0, expected a whole number from 1 to 100000"]),
    ("max_connections = 0", &["7:19: web.max_connections: found 0, expected a whole number from 1 to 10000"]),
    (
        "port = 80",
        &[
            "7:1: web.port: unknown key, expected listen, base_url, trusted_proxies, client_rate, total_rate, max_connections, public, operator, login_header, login_secret_header, login_secret_file",
        ],
    ),
    (
        "public = [\"mails\"]",
        &[
            "7:11: web.public[1]: found \"mails\", expected one of overview, changes, sources, companies, coverage",
        ],
    ),
    (
        "login_header = \"X-Remote-User\"",
        &[
            "5:1: web.login_secret_file: is missing, expected a file with the secret by which the proxy of login_header is known",
        ],
    ),
    (
        "operator = [{ name = \"ann\", role = \"king\" }]",
        &["7:36: web.operator[1].role: found \"king\", expected one of reader, operator"],
    ),
    (
        "operator = [{ name = \"ann\" }, { name = \"ann\" }]",
        &["7:31: web.operator[2]: names \"ann\" a second time"],
    ),
];

#[test]
fn a_server_that_nobody_should_reach_is_refused() {
    check_all(LEAST, "[web]\nbase_url = \"https://tracker.example\"\n", WEB);
    super::check(
        &format!("{LEAST}[web]\n"),
        &[
            "regwatch.toml:5:1: web.base_url: is missing, expected the https address under which people reach the server, such as \"https://tracker.example\"",
        ],
    );
}

const OPERATOR: &[Case] = &[
    (
        r#"address = "nobody""#,
        &[r#"6:11: operator.address: "nobody" is not a usable mail address: expected name@domain"#],
    ),
    ("failures = 0", &["6:12: operator.failures: found 0, expected a whole number from 1 to 1000"]),
    (
        r#"remind_every = "1m""#,
        &[
            r#"6:16: operator.remind_every: found "1m", expected a length of time from 1h to 30d, such as "30s", "5m" or "1h 30m""#,
        ],
    ),
    (
        r#"mail = "ops@tracker.example""#,
        &["6:1: operator.mail: unknown key, expected address, failures, remind_every"],
    ),
];

#[test]
fn an_operator_who_cannot_be_told_is_refused() {
    check_all(LEAST, "[operator]\n", OPERATOR);
}

const MATCHING: &[Case] = &[
    ("alert_at = 1.5", &["6:12: matching.alert_at: found 1.5, expected a number from 0 to 1"]),
    ("alert_at = nan", &["6:12: matching.alert_at: found nan, expected a number from 0 to 1"]),
    (
        "possible_at = \"high\"",
        &["7:15: matching.possible_at: found a string, expected a number from 0 to 1"],
    ),
    ("possible_at = 0.95", &["7:15: matching.possible_at: is 0.95, expected at most alert_at, which is 0.9"]),
    (
        "possible = 0.5",
        &[
            "8:1: matching.possible: unknown key, expected alert_at, possible_at; did you mean \"possible_at\"?",
        ],
    ),
];

#[test]
fn thresholds_are_shares_in_their_order() {
    let main = format!("{LEAST}[matching]\nalert_at = 1\npossible_at = 0\n");
    assert!(Folder::with(&main).load().is_ok());
    check_all(LEAST, "[matching]\nalert_at = 0.9\npossible_at = 0.8\n", MATCHING);
}

const INBOX: &[Case] = &[
    (
        "maildir = \"../state/mail\"",
        &["7:11: inbox.maildir: is the Maildir into which mail leaves (mail.transport), expected another"],
    ),
    (
        "lmtp = { listen = \"0.0.0.0:2424\" }",
        &[
            "7:19: inbox.lmtp.listen: found \"0.0.0.0:2424\", where others than this machine can connect, expected an address on this machine, such as \"127.0.0.1:2424\" or \"unix:../state/lmtp.sock\"",
        ],
    ),
    (
        "lmtp = { listen = \"2424\" }",
        &[
            "7:19: inbox.lmtp.listen: found \"2424\", expected an address on this machine, such as \"127.0.0.1:2424\" or \"unix:../state/lmtp.sock\"",
        ],
    ),
    (
        "lmtp = {}",
        &[
            "7:8: inbox.lmtp.listen: is missing, expected an address on this machine, such as \"127.0.0.1:2424\" or \"unix:../state/lmtp.sock\"",
        ],
    ),
    (
        "imap = { host = \"a.example\", user = \"me\" }",
        &[
            "7:8: inbox.imap.password_file: is missing, expected a file that holds the password, or the password in REGWATCH_IMAP_PASSWORD",
        ],
    ),
    (
        "imap = { host = \"imap://a\", password_file = \"secret\", tls = \"ssl\", port = 0, mailbox = \"Posteingänge\" }",
        &[
            "7:8: inbox.imap.user: is missing, expected who logs in, such as \"watch@tracker.example\"",
            "7:17: inbox.imap.host: found \"imap://a\", expected the server's name alone, such as \"imap.tracker.example\"",
            "7:45: inbox.imap.password_file: secret cannot be read: No such file or directory (os error 2)",
            "7:61: inbox.imap.tls: found \"ssl\", expected one of implicit, starttls, none",
            "7:75: inbox.imap.port: found 0, expected a whole number from 1 to 65535",
            "7:88: inbox.imap.mailbox: found \"Posteingänge\", expected a folder's name in plain ASCII, such as \"INBOX\"",
        ],
    ),
];

#[test]
fn a_way_in_that_is_open_to_others_or_half_said_is_refused() {
    check_all(LEAST, "[inbox]\naddress = \"watch@tracker.example\"\n", INBOX);
}
