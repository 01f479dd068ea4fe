import DiagModel
import Testing

@testable import DiagCollectors

@Suite("Where a dump goes, as the run tells it")
struct LiveDumpPlaceTests {
    private var report: LiveDumpReport {
        var report = LiveDumpReport(
            kind: .full, outcome: .refused, originator: "", parameters: [], host: "",
            kernel: .init(release: "", version: "", machine: ""),
            started: Timestamp(microsecondsSince1970: 0),
            ended: Timestamp(microsecondsSince1970: 0), level: 27)
        report.warnings = ["level 16, not --level 0"]
        report.obstacle = .init(
            cause: .noSpace, message: "as --max-size says",
            remedy: "Use --no-throttle, --output, --max-size, `--on-pressure ignore` or"
                + " `virsh dump --memory-only`.")
        return report
    }

    @Test("In a bundle options have the names that they have there")
    func names() {
        var place = LiveDumpPlace()
        #expect(place.worded(report) == report)
        place.isInBundle = true
        let worded = place.worded(report)
        #expect(worded.warnings == ["level 16, not --dump-level 0"])
        #expect(worded.obstacle?.message == "as --dump-max-size says")
        #expect(
            worded.obstacle?.remedy
                == "Use --dump-no-throttle, --output, --dump-max-size, `--dump-on-pressure ignore`"
                + " or `virsh dump --memory-only`.")
    }

    @Test("The file system of an open file goes by the folder's name")
    func folder() throws {
        var place = LiveDumpPlace()
        #expect(place.fileSystem(ofDescriptor: 0)?.path == "/proc/self/fd/0")
        place.folder = "/srv/dump"
        #expect(place.fileSystem(ofDescriptor: 0)?.path == "/srv/dump")
    }
}
