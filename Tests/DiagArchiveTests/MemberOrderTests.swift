import DiagModel
import Testing

@testable import DiagArchive

@Suite struct MemberOrderTests {
    @Test("Collectors follow the plan, alike files meet, the program's documents come last")
    func whole() throws {
        let order = MemberOrder(collectors: ["storage", "logs", "livedump"])
        let expected: [(path: String, collector: String?)] = [
            ("storage/", nil), ("storage/disk2/", nil), ("storage/disk10/", nil),
            ("storage/subsystems.json", "storage"), ("storage/topology.json", "storage"),
            ("storage/disk2/smart.txt", "storage"), ("storage/disk10/smart.txt", "storage"),
            ("storage/disk2/uevent", "storage"), ("storage/disk10/uevent", "storage"),
            ("logs/", nil), ("logs/b/", nil), ("logs/b.json", "logs"),
            ("logs/b/a.log", "logs"), ("logs/kern.log", "logs"), ("logs/kern.log.1", "logs"),
            ("logs/kern.log.2", "logs"), ("logs/kern.log.10", "logs"),
            ("LiveDump.json", "livedump"), ("LiveDump.kdump", "livedump"),
            ("plugins/", nil), ("plugins/x.json", "plugins"), ("zebra/", nil),
            ("findings.json", "diagbundle"), ("summary.txt", "diagbundle"),
            ("manifest.json", nil),
        ]
        var found = [(key: MemberOrder.Key, path: String)]()
        for (path, collector) in expected {
            let key = order.key(
                of: IndexStream.path(path), collector: collector, isDirectory: path.hasSuffix("/"))
            found.append((key, path))
        }
        #expect(Set(found.map(\.key)).count == expected.count)
        for turn in [found, found.reversed(), found.sorted { $0.path < $1.path }] {
            #expect(turn.sorted { $0.key < $1.key }.map(\.path) == expected.map(\.path))
        }
    }

    @Test("The order of a folder is that of its reports")
    func manifest() throws {
        let folder = try TestFolder.whole()
        var manifest = folder.manifest()
        manifest.reports.reverse()
        let names = manifest.reports.map(\.collector)
        try #require(names.count > 1)
        let order = MemberOrder(of: manifest)
        let keys = names.map { name in
            order.key(of: IndexStream.path(name + "/a"), collector: name, isDirectory: false)
        }
        #expect(keys == keys.sorted())
    }

    @Test("Where the manifest says in which order collectors stand, that counts")
    func memberOrder() throws {
        let folder = try TestFolder.whole()
        var manifest = folder.manifest()
        let names = manifest.reports.map(\.collector)
        try #require(names.count > 1)
        manifest.memberOrder = [names[names.count - 1]]
        let order = MemberOrder(of: manifest)
        let keys = ([names[names.count - 1]] + names.dropLast()).map { name in
            order.key(of: IndexStream.path(name + "/a"), collector: name, isDirectory: false)
        }
        #expect(keys == keys.sorted())
    }

    @Test(
        "The kind of a file is its extension, or its name without numbers",
        arguments: [
            ("a.log", "log"), ("a.LOG", "log"), ("kern.log.1", "log"), ("a.tar.gz", "gz"),
            ("syslog", "syslog"), ("syslog.1", "syslog"), ("uevent", "uevent"), ("sda1", "sda#"),
            (".bashrc", ".bashrc"), ("0000:00:1f.2", "#:#:#f"), ("a.", "a"), ("7", "#"),
            ("50-local.conf", "conf"), ("a.b c", "a.b c"), ("x.service-2024", "x.service-#"),
        ])
    func kinds(name: String, kind: String) {
        #expect(String(decoding: MemberOrder.kind(of: Array(name.utf8)), as: UTF8.self) == kind)
    }

    @Test(
        "Numbers are numbers, and no two paths have one key",
        arguments: [
            ["a/1", "a/01", "a/2", "a/10", "a/010", "a/99999999999999999999999", "a/b"],
            ["d0/f", "d1/f", "d2/f", "d02/f", "d11/f"],
        ])
    func numbers(paths: [String]) {
        let order = MemberOrder(collectors: [])
        func key(_ path: String) -> MemberOrder.Key {
            order.key(of: IndexStream.path(path), collector: "x", isDirectory: false)
        }
        let sorted = paths.reversed().sorted { key($0) < key($1) }
        #expect(sorted == paths)
        #expect(Set(paths.map(key)).count == paths.count)
    }

    @Test("A collector that is named twice in a plan does not mix with what follows")
    func twice() {
        let order = MemberOrder(collectors: ["a", "a", "b"])
        let last = order.key(of: IndexStream.path("b/x"), collector: "b", isDirectory: false)
        let other = order.key(of: IndexStream.path("c/x"), collector: "c", isDirectory: false)
        #expect(last < other)
    }
}
