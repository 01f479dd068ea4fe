import DiagYAML
import Testing

@testable import DiagDeclared

@Suite("Programs that a declared command may not be")
struct DeclaredProgramTests {
    private func fault(_ command: String, since: String? = nil) -> String? {
        let more = since.map { "\n    since: \($0)" } ?? ""
        let text = yaml("  - command: \(command)\n    to: a\(more)")
        do {
            _ = try CollectorDeclaration(parsing: Array(text.utf8), named: "x.yaml")
            return nil
        } catch { return error.description }
    }

    @Test(
        "What runs other programs is refused, under every path and in every version",
        arguments: [
            "sh", "/bin/sh", "/bin/../bin/sh/", "bash", "rbash", "bash5", "bash-5.2", "dash",
            "ksh93", "zsh-5.9", "bash-static", "busybox", "busybox-static", "busybox.static",
            "busybox-1.36.1", "python", "python3", "python3.11", "/usr/bin/python3.11",
            "python3.11d", "python3.13t", "python3-dbg", "perl", "perl5.36", "perl5.36.0",
            "perl5.36-x86_64-linux-gnu", "lua5.4", "ruby3.1", "node18", "php8.2", "tclsh8.6",
            "gawk-5.1.0", "env", "flock", "taskset", "chrt", "time", "setpriv", "ionice",
            "numactl", "script", "timeout", "xargs", "ssh", "run0", "linux64", "ld.so",
            "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2", "/lib/ld-linux-aarch64.so.1",
            "/lib/ld-musl-x86_64.so.1", "/lib/ld-2.31.so", "/lib/ld64.so.2",
        ])
    func starters(program: String) {
        let said = fault("[\"\(program)\", -c, id]") ?? "nothing"
        #expect(said.hasPrefix("x.yaml:7:14: "), "\(said)")
        #expect(said.contains("runs other programs"), "\(said)")
    }

    @Test(
        "Names that only begin alike are none of these",
        arguments: [
            "ip", "ip6tables-save", "e2fsck", "apache2", "timedatectl", "ldconfig", "ldd", "ld",
            "ssh-keygen", "shasum", "sha256sum", "systemctl", "node_exporter", "node18-exporter",
            "php8.2-fpm", "php-fpm8.2", "makedumpfile", "findmnt", "lua-language-server",
            "python-is-new", "x86_64-linux-gnu-ld", "7z", "w3m", "perf", "scriptreplay",
        ])
    func others(program: String) {
        #expect(fault("[\"\(program)\", -c, id]") == nil)
    }

    @Test(
        "What is only asked for what it knows may be such a program",
        arguments: [
            "[numactl, --hardware]", "[/usr/bin/numactl, -H, --show]", "[php, -m]",
            "[php8.2, -v]", "[python3, --version]", "[python3.11, -V]", "[perl, -v]",
            "[perl5.36-x86_64-linux-gnu, -V]", "[node18, -v]", "[lua5.4, -v]", "[capsh, --print]",
            "[chrt, -m]", "[linux64, -V]", "[ssh, -V]", "[sudo, -V]", "[strace, -V]",
            "[make, --version]", "[bash, --version]", "[su, --version]", "[gawk, --version]",
        ])
    func questions(command: String) {
        #expect(fault(command) == nil)
        #expect(fault(command.replacing("]", with: ", id]")) != nil)
    }

    @Test(
        "What asks one program makes another run, read or write",
        arguments: [
            "[su, -m]", "[su, -V]", "[unshare, -m]", "[nsenter, -m]", "[sh, -m]", "[sh, -v]",
            "[sh, -V]", "[bash, -v]", "[tcsh, -V]", "[busybox, -v]", "[sudo, -v]", "[sudo, -H]",
            "[sudo, --version, -v]", "[doas, -v]", "[python3.11, -v]", "[python3, -m]",
            "[perl, -m]", "[php, -H]", "[node, -V]", "[lua5.4, --version]", "[tclsh, --version]",
            "[tclsh8.6, -v]", "[unbuffer, --version]", "[ssh, -v]", "[prlimit, -m]", "[make, -m]",
            "[numactl, -m]", "[env, -v]", "[env, --print]", "[bash, --show]",
            "[taskset, --hardware]", "[sh]", "[python3]",
        ])
    func otherAnswers(command: String) {
        let said = fault(command) ?? "nothing"
        #expect(said.contains("runs other programs"), "\(said)")
    }

    @Test(
        "Of find it is refused to run, to delete and to write, wherever the word stands",
        arguments: [
            ("-exec", "runs other programs"), ("-execdir", "runs other programs"),
            ("-ok", "runs other programs"), ("-okdir", "runs other programs"),
            ("-delete", "deletes"), ("-fprint", "writes files"), ("-fprint0", "writes files"),
            ("-fprintf", "writes files"), ("-fls", "writes files"),
        ])
    func find(word: String, what: String) {
        for program in ["find", "/usr/bin/find"] {
            let said = fault("[\(program), /etc, \(word), rm]") ?? "nothing"
            #expect(said.contains("`find` with `\(word)` \(what)"), "\(said)")
        }
        let said = fault("[find, /etc]", since: "[-newermt, \"{since}\", \(word)]") ?? "nothing"
        #expect(said.hasPrefix("x.yaml:9:34: "), "\(said)")
        #expect(said.contains("`find` with `\(word)` \(what)"), "\(said)")
    }

    @Test("find that finds is accepted, and the words mean nothing to others")
    func finding() {
        #expect(fault("[find, /etc, -xdev, -newer, /a, -ls, -print0]") == nil)
        #expect(fault("[find, /etc]", since: "[-newermt, \"{since}\"]") == nil)
        #expect(fault("[my-app, -delete, -exec]") == nil)
    }
}
