import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import DiagSystem

/// What two threads share.
private final class Flag: Sendable {
    let isSet = Atomic(false)
}

@Suite("Forked processes")
struct ForkTests {
    /// The fields behind the name in a recorded /proc/PID/stat, with the four addresses of arguments
    /// and environment.
    private func fields(_ addresses: String) -> String {
        " S 1 4711 4711 0 -1 4194560 541 0 0 0 1 2 0 0 20 0 1 0 88 9420800 1024"
            + " 18446744073709551615 94270000 94280000 140730000 0 0 0 0 0 65536 1 0 0 17 1 0 0 0 0"
            + " 0 94290000 94300000 94310000 \(addresses) 0\n"
    }

    @Test("Arguments and environment are one area, from the first of these to the last of those")
    func area() {
        #expect(
            ProcessTitle.addresses(in: fields("140736000 140736040 140736040 140737000"))
                == 140_736_000..<140_737_000)
        #expect(
            ProcessTitle.addresses(in: fields("140736000 140736040 140736040 140736040"))
                == 140_736_000..<140_736_040)
    }

    @Test(
        "Nothing is written where the kernel does not say, or says something else",
        arguments: [
            "0 0 0 0", "140736000 140736040 140736048 140737000", "140736000 140736040",
            "140736040 140736000 140736000 140737000", "140736000 140736040 140736040 140736000",
            "140736000 140736040 140736040 150736000", "a b c d", "",
        ])
    func noArea(_ addresses: String) {
        #expect(ProcessTitle.addresses(in: fields(addresses)) == nil)
    }

    @Test("A process with more than one thread is not forked; one that adopts none gets no server")
    func threads() throws {
        let isOver = Flag()
        let other = try BackgroundThread.start(name: "other") {
            while !isOver.isSet.load(ordering: .relaxed) { usleep(1000) }
        }
        defer {
            isOver.isSet.store(true, ordering: .relaxed)
            other.join()
        }
        let streams = ChildProcess.Streams(
            input: try OwnedDescriptor.open("/dev/null", .readOnly),
            output: try OwnedDescriptor.open("/dev/null", .writeOnly),
            error: try OwnedDescriptor.open("/dev/null", .writeOnly))
        let child = try ChildProcess.fork(title: "none", environment: [:], streams: streams) {
            HostFacts.exitNow(1)
        }
        #expect(child == nil)
        let server = try ForkServer.start(title: "none") { HostFacts.exitNow(1) }
        #expect(server == nil)
    }
}
