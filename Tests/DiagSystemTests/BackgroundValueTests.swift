import Synchronization
import Testing

@testable import DiagSystem

@Suite("A value that a thread computes")
struct BackgroundValueTests {
    @Test("It is waited for no longer than asked, and is there once it is computed")
    func bounded() throws {
        let gate = Mutex(false)
        let value = try BackgroundValue.start(name: "test-value") {
            while !gate.withLock({ $0 }) {}
            return 42
        }
        #expect(value.wait(seconds: 0) == nil)
        #expect(value.wait(seconds: -1) == nil)
        #expect(value.wait(seconds: 0.05) == nil)
        gate.withLock { $0 = true }
        #expect(value.wait() == 42)
        #expect(value.wait(seconds: 0) == 42)
        #expect(value.wait(seconds: .infinity) == 42)
    }
}
