import DiagModel
import Testing

@Suite("What a plan knows of its cost")
struct CollectionPlanTests {
    private func json(_ item: CollectionPlan.Item) throws -> JSONValue {
        try JSONDocument.decode(
            JSONValue.self, from: JSONDocument.encode(item, layout: .line))
    }

    @Test("An item of which nothing is known has no estimate, and not one of 0")
    func notCounted() throws {
        var item = CollectionPlan.Item(kind: .dump, number: 1, title: "memory", risk: "R2")
        item.knownEstimate = nil
        item.notCounted = "nobody knows"
        let document = try json(item)
        #expect(document["estimate"] == nil)
        #expect(document["byteLimit"] == nil)
        #expect(document["notCounted"] == "nobody knows")
        #expect(PublishedSchema.plan.errors(in: document, definition: "item") == [])
        let read = try JSONDocument.decode(
            CollectionPlan.Item.self, from: JSONDocument.encode(item, layout: .line))
        #expect(read == item)
    }

    @Test("An item has an estimate, or why it has none")
    func either() throws {
        var item = CollectionPlan.Item(kind: .dump, number: 1, title: "memory", risk: "R2")
        #expect(try json(item)["estimate"]?["byteCount"] == 0)
        item.knownEstimate = nil
        let neither = try json(item)
        #expect(PublishedSchema.plan.errors(in: neither, definition: "item") != [])
    }

    @Test("A sum with a bound is a bound, and one with what is not counted says so")
    func sums() {
        let plain = CollectionPlan.Estimate(byteCount: 1, seconds: 2)
        let bound = CollectionPlan.Estimate(byteCount: 10, seconds: 20, isBound: true)
        var item = CollectionPlan.Item(kind: .dump, number: 1, title: "memory", risk: "R2")
        item.knownEstimate = nil
        #expect(plain + plain == .init(byteCount: 2, seconds: 4))
        #expect(plain + bound == .init(byteCount: 11, seconds: 22, isBound: true))
        #expect(plain + item.estimate == .init(byteCount: 1, seconds: 2, isPartial: true))
        #expect(
            item.estimate + bound
                == .init(byteCount: 10, seconds: 20, isBound: true, isPartial: true))
    }

    @Test("A sum of which a part is assumed is assumed, and other sums do not say so")
    func assumed() throws {
        let known = CollectionPlan.Estimate(byteCount: 1, seconds: 2)
        let assumed = CollectionPlan.Estimate(byteCount: 10, seconds: 20, isAssumed: true)
        #expect((known + known).isAssumed == nil)
        #expect(known + assumed == .init(byteCount: 11, seconds: 22, isAssumed: true))
        #expect(assumed + known == known + assumed)
        var item = CollectionPlan.Item(kind: .command, number: 1, title: "ip", risk: "R1")
        item.estimate = assumed
        let document = try json(item)
        #expect(document["estimate"]?["isAssumed"] == true)
        #expect(PublishedSchema.plan.errors(in: document, definition: "item") == [])
        item.estimate = known
        #expect(try json(item)["estimate"]?["isAssumed"] == nil)
    }

    @Test("The dump of a collector is its item of that kind")
    func dump() {
        var collector = CollectionPlan.Collector(
            name: "a", subject: "", origin: "built in", risk: "R0", confinement: "reader",
            capabilities: [], deadlineSeconds: 1, byteLimit: 1,
            items: [.init(kind: .reads, number: 1, title: "files", risk: "R0")])
        #expect(collector.dump == nil)
        collector.items.append(.init(kind: .dump, number: 2, title: "memory", risk: "R2"))
        #expect(collector.dump?.number == 2)
    }

    @Test("A collector without items is taken out, unless the plan says why it has none")
    func takenOut() {
        let empty = CollectionPlan.Collector(
            name: "a", subject: "", origin: "built in", risk: "R0", confinement: "reader",
            capabilities: [], deadlineSeconds: 1, byteLimit: 1)
        #expect(empty.isTakenOut)
        var other = empty
        other.doesNotApply = "there is no such device"
        #expect(!other.isTakenOut)
        other = empty
        other.unplanned = "a file system hangs"
        #expect(!other.isTakenOut)
        other = empty
        other.items = [.init(kind: .reads, number: 1, title: "files", risk: "R0")]
        #expect(!other.isTakenOut)
    }
}
