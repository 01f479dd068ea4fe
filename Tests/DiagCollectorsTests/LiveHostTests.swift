import DiagCollect
import DiagCollectors
import DiagModel
import DiagSystem
import Testing

struct LiveHostTests {
    @Test("On the running host the system collector sends its document")
    func system() throws {
        let sink = MemorySink()
        try SystemCollector().collect(
            in: CollectionContext(root: try RootedTree("/")), into: sink)
        let document = try #require(try sink.json("system.json"))
        #expect(document["kernel"]?["release"]?.text?.isEmpty == false)
        #expect(sink["sysctl.txt"]?.bytes.isEmpty == false)
    }

    @Test("On the running host the boot collector sends its documents")
    func boot() throws {
        let sink = MemorySink()
        try BootCollector().collect(in: CollectionContext(root: try RootedTree("/")), into: sink)
        #expect(try sink.json("boot.json")?["schema"]?.text == "diagbundle.boot/1")
        #expect(try sink.json("kernels.json") != nil)
        #expect(sink["boot-listing.txt"] != nil)
    }
}
