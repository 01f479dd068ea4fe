import DiagFormats
import DiagLiveDump
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@Suite("One dump at a time")
struct CareLockTests {
    private func cause(_ folder: FilePath) -> LiveDumpError? {
        do throws(LiveDumpError) {
            _ = try DumpLock.acquire(in: folder)
            return nil
        } catch { return error }
    }

    @Test("The second is told who has the lock and since when; it goes with the value")
    func exclusive() throws {
        let root = try CareRoot(isEmpty: true)
        let folder = root.path.appending("run")
        do {
            let lock = try DumpLock.acquire(
                in: folder, process: 4711, now: Timestamp(microsecondsSince1970: 0))
            let error = try #require(cause(folder))
            #expect(error.obstacle.cause == .alreadyRunning)
            #expect(
                error.description
                    == "lock \(folder)/livedump.lock: another dump is being made by process 4711,"
                    + " since 1970-01-01T00:00:00.000000Z")
            #expect(error.obstacle.remedy != nil)
            withExtendedLifetime(lock) {}
        }
        #expect(cause(folder) == nil)
    }

    @Test("Who asks for the lock alone is told who has it, and makes and keeps nothing")
    func asked() throws {
        let root = try CareRoot(isEmpty: true)
        let folder = root.path.appending("run")
        #expect(DumpLock.refusal(in: folder) == nil)
        #expect(!root.exists("run"))
        do {
            let lock = try DumpLock.acquire(in: folder, process: 4711)
            let refusal = try #require(DumpLock.refusal(in: folder))
            #expect(refusal == cause(folder))
            #expect(refusal.description.contains("made by process 4711, since "))
            withExtendedLifetime(lock) {}
        }
        // The file stays when its process ends.
        #expect(root.exists("run/livedump.lock"))
        #expect(DumpLock.refusal(in: folder) == nil)
        #expect(cause(folder) == nil)
    }

    @Test("Who has the lock for a moment, as a dry run, forbids no dump")
    func moment() throws {
        let root = try CareRoot(isEmpty: true)
        try root.write("run/livedump.lock", "process 4711, since long ago")
        let file = open(root.path.appending("run/livedump.lock").string, O_RDONLY)
        #expect(flock(file, LOCK_EX | LOCK_NB) == 0)
        Thread.detachNewThread {
            usleep(20_000)
            close(file)
        }
        let lock = try DumpLock.acquire(in: root.path.appending("run"))
        withExtendedLifetime(lock) {}
    }

    @Test("A worker's descriptor keeps the lock beyond its parent's")
    func handedOver() throws {
        let root = try CareRoot(isEmpty: true)
        let folder = root.path.appending("run")
        let worker: DumpLock
        do {
            let parent = try DumpLock.acquire(in: folder)
            worker = try DumpLock.adopt(try parent.descriptorForWorker())
        }
        #expect(cause(folder)?.obstacle.cause == .alreadyRunning)
        worker.release()
        #expect(cause(folder)?.obstacle.cause == .alreadyRunning)
        withExtendedLifetime(worker) {}
    }

    @Test("What is no lock is not adopted, nor one that another has")
    func foreign() throws {
        let root = try CareRoot(isEmpty: true)
        #expect(throws: LiveDumpError.self) {
            try DumpLock.adopt(try OwnedDescriptor.open("/dev/null", .readOnly))
        }
        let folder = root.path.appending("run")
        let lock = try DumpLock.acquire(in: folder)
        let other = try OwnedDescriptor.open(folder.appending(DumpLock.name), .readWrite)
        do throws(LiveDumpError) {
            _ = try DumpLock.adopt(other)
            Issue.record("adopted the lock of another")
        } catch { #expect(error.obstacle.cause == .alreadyRunning) }
        lock.release()
        #expect(!root.exists("run/livedump.lock"))
    }
}

@Suite("This machine", .serialized)
struct CareHostTests {
    @Test("Priority is lowered, in a thread of its own, and what fails is said")
    func scheduling() throws {
        let results = Results()
        let thread = try BackgroundThread.start(name: "care-test") {
            results.set(HostCare.prepare(), again: HostCare.prepare())
        }
        thread.join()
        let (first, second) = try #require(results.outcomes)
        #expect(first.warnings == [])
        #expect(first == second)
        #expect(try #require(first.killScore) >= 500)
    }

    @Test("The watch runs at ordinary priority although the thread that starts it gave way")
    func watchPriority() throws {
        let thread = try BackgroundThread.start(name: "care-test") {
            _ = HostCare.prepare()
            guard (try? HostScheduling.allowOrdinaryPriority()) != nil else { return }
            #expect(HostScheduling.niceness >= 10)
            do {
                let inner = try BackgroundThread.start(name: "care-watch") {
                    #expect(throws: Never.self) { try HostScheduling.takeOrdinaryPriority() }
                    #expect(HostScheduling.niceness <= 0)
                }
                inner.join()
            } catch { Issue.record("\(error)") }
        }
        thread.join()
    }

    final class Results: @unchecked Sendable {
        private let lock = NSLock()
        private var value: (HostCare.Outcome, HostCare.Outcome)?
        var outcomes: (HostCare.Outcome, HostCare.Outcome)? { lock.withLock { value } }
        func set(_ first: HostCare.Outcome, again second: HostCare.Outcome) {
            lock.withLock { value = (first, second) }
        }
    }

    @Test("Memory is locked, or it is said why not")
    func memoryLock() throws {
        let memory = try MappedMemory(byteCount: 1 << 16)
        let (isLocked, warning) = HostCare.lock([memory, try MappedMemory(byteCount: 1)])
        #expect(isLocked == (warning == nil))
        #expect(HostCare.lock([]).isLocked)
    }

    @Test(
        "The kernel takes the request for a signal, and gives none to a quiet wait",
        .enabled(if: FileManager.default.isWritableFile(atPath: "/proc/pressure/memory")))
    func trigger() throws {
        let trigger = try PressureTrigger.onMemory(in: RootedTree("/"))
        #expect(trigger.request.hasPrefix("some "))
        let wakeUp = try WakeUp()
        #expect(PressureTrigger.wait(for: trigger, or: wakeUp, seconds: 0) != .gone)
        wakeUp.signal()
        #expect(PressureTrigger.wait(for: trigger, or: wakeUp, seconds: 60) == .woken)
    }

    @Test("The rights of this very process are read")
    func rights() throws {
        let rights = HostRights.read(in: try RootedTree("/"))
        #expect(rights.capabilities.isEmpty == (HostFacts.effectiveUser != 0))
    }

    @Test("The host as it is gives an answer, and a cause with a remedy where it refuses")
    func preflight() throws {
        let place = try FileSystemPlace.of("/var/tmp/diagbundle-not-there/dump")
        let findings = try Preflight.check(
            .init(options: LiveDumpOptions(), budgetByteCount: 1 << 20, output: place),
            in: RootedTree("/"))
        #expect(findings.obstacles.allSatisfy { $0.remedy?.isEmpty == false })
        #expect(findings.totalMemory ?? 0 > 0)
        let kcore = FileManager.default.fileExists(atPath: "/proc/kcore")
        let isAbsent = findings.obstacles.contains {
            $0.cause == .noKernelCore || $0.cause == .container
        }
        #expect(kcore || isAbsent)
    }

    @Test("Capabilities are read from the line of the effective ones alone")
    func capabilities() {
        #expect(
            CapabilitySet(effectiveInStatus: "CapPrm:\tff\nCapEff:\t0000000000020000\n")
                == .sysRawIO)
        #expect(CapabilitySet(effectiveInStatus: "CapPrm:\tff\n") == nil)
        #expect(CapabilitySet(effectiveInStatus: "CapEff:\txyz\n") == nil)
    }
}
